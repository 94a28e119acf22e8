/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stdin, stdout and stderr of a guest: descriptors of the process, bytes in memory, or the
 * embedder's function.
 *
 * How much the guest may write is the WASI layer's business (KRAIT_LIMIT_OUTPUT).
 */
#include "api/internal.h"

#include "base/error.h"

#include <errno.h>

static int
write_stream(krait_sandbox *sandbox, int stream, const void *bytes, size_t size)
{
    const krait_config *config = sandbox->config;

    sandbox->last_stream = stream;
    if (config->output_kind == KRAIT_STDIO_FUNCTION)
        return config->output(config->output_data, stream, bytes, size) == 0 ? 0 : EPIPE;
    return krait__buffer_add(&sandbox->output[stream - 1], bytes, size) ? 0 : ENOMEM;
}

static int
write_stdout(void *data, const void *bytes, size_t *size)
{
    return write_stream(data, 1, bytes, *size);
}

static int
write_stderr(void *data, const void *bytes, size_t *size)
{
    return write_stream(data, 2, bytes, *size);
}

krait_status
krait__stdio_open(krait_sandbox *sandbox, krait_wasi_options *options, krait_error *err)
{
    const krait_config *config = sandbox->config;
    int error = 0;

    for (size_t i = 0; i < 3; i++)
        options->stdio_fds[i] = config->stdio_fds[i];
    if (config->stdin_kind == KRAIT_STDIO_MEMORY)
        error = krait__source_new(config->stdin_bytes, config->stdin_size,
                                  &options->stdio_files[0]);
    if (error == 0 && config->output_kind != KRAIT_STDIO_FD) {
        error = krait__sink_new(write_stdout, sandbox, &options->stdio_files[1]);
        if (error == 0)
            error = krait__sink_new(write_stderr, sandbox, &options->stdio_files[2]);
    }
    return error == 0 ? KRAIT_OK : krait__error_nomem(err);
}
