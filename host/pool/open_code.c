/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frame that tells a worker what to open (OPEN of wire.h):
 *
 *     version u32, library text, folder text, krt text, ready u32, idle bytes u64,
 *     arguments, environment, preopens: lists of text,
 *     grants: list of (host text, guest text, flags u32, is a file u32),
 *     functions: list of name text,
 *     limits: list of u64, counts fuel u32,
 *     is deterministic u32, seed u64, start u64,
 *     stdin bytes
 *
 * Grants go by their absolute paths, as they were when the pool was made, and each worker opens them
 * itself.  Descriptors, and functions that watch, belong to this process: they cannot be passed on.
 */
#include "pool/wire.h"

#include "base/alloc.h"
#include "base/error.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* As config.c has them; a worker checks again. */
enum { STRINGS_MAX = 65536, GRANTS_MAX = 1024, FUNCTIONS_MAX = 4096 };

/* ---- writing ------------------------------------------------------------------------------ */

static void
put_strings(krait_frame *frame, const krait_string_list *list)
{
    krait__put_u32(frame, (uint32_t)list->count);
    for (size_t i = 0; i < list->count; i++)
        krait__put_text(frame, list->items[i]);
}

static krait_status
put_path(krait_frame *frame, const char *path, krait_error *err)
{
    char real[PATH_MAX];

    if (realpath(path, real) == NULL)
        return krait__error_set(err, errno == ENOENT ? KRAIT_ENOTFOUND : KRAIT_EIO, errno,
                                "cannot find '%s'", path);
    krait__put_text(frame, real);
    return KRAIT_OK;
}

static krait_status
put_module(krait_frame *frame, const krait_open *open, krait_error *err)
{
    krait_status status = KRAIT_OK;

    krait__put_text(frame, open->library);
    if (open->folder != NULL && open->folder[0] != '\0')
        status = put_path(frame, open->folder, err);
    else
        krait__put_text(frame, "");
    if (status == KRAIT_OK)
        status = put_path(frame, open->krt, err);
    krait__put_u32(frame, open->ready);
    krait__put_u64(frame, open->idle_bytes);
    return status;
}

static krait_status
put_grants(krait_frame *frame, const krait_config *config, krait_error *err)
{
    krait_status status = KRAIT_OK;

    krait__put_u32(frame, (uint32_t)config->grant_count);
    for (size_t i = 0; i < config->grant_count && status == KRAIT_OK; i++) {
        status = put_path(frame, config->grants[i].host, err);
        krait__put_text(frame, config->grants[i].guest);
        krait__put_u32(frame, config->grants[i].flags);
        krait__put_u32(frame, config->grants[i].is_file);
    }
    return status;
}

static krait_status
check(const krait_config *config, krait_error *err)
{
    const char *what = NULL;

    if (config->stdin_kind == KRAIT_STDIO_FD || config->output_kind == KRAIT_STDIO_FD)
        what = "descriptors (krait_config_set_stdio)";
    else if (config->output_kind == KRAIT_STDIO_FUNCTION)
        what = "output to a function (krait_config_set_output)";
    else if (config->trace != NULL)
        what = "a trace (krait_config_set_trace)";
    else if (config->import_count > 0)
        what = "imports of the host (krait_config_add_import)";
    else if (config->watch_count > 0)
        what = "watched directories (krait_config_watch_files)";
    if (what == NULL)
        return KRAIT_OK;
    return krait__error_set(err, KRAIT_EUNSUPPORTED, 0,
                            "workers that are processes cannot have %s: take "
                            "KRAIT_ISOLATION_THREAD, or the result's stdout and stderr",
                            what);
}

krait_status
krait__open_encode(const krait_open *open, krait_frame *frame, krait_error *err)
{
    const krait_config *config = open->config;
    krait_status status = check(config, err);

    if (status != KRAIT_OK)
        return status;
    krait__frame_begin(frame, KRAIT_WIRE_OPEN);
    krait__put_u32(frame, KRAIT_WIRE_VERSION);
    status = put_module(frame, open, err);
    put_strings(frame, &config->args);
    put_strings(frame, &config->environ);
    put_strings(frame, &config->preopens);
    if (status == KRAIT_OK)
        status = put_grants(frame, config, err);
    if (status != KRAIT_OK)
        return status;
    krait__put_u32(frame, (uint32_t)config->function_count);
    for (size_t i = 0; i < config->function_count; i++)
        krait__put_text(frame, config->functions[i].name);
    krait__put_u32(frame, KRAIT_LIMIT_COUNT);
    for (size_t i = 0; i < KRAIT_LIMIT_COUNT; i++)
        krait__put_u64(frame, config->limits[i]);
    krait__put_u32(frame, config->counts_fuel);
    krait__put_u32(frame, config->is_deterministic);
    krait__put_u64(frame, config->virtual.seed);
    krait__put_u64(frame, config->virtual.start_ns);
    krait__put_bytes(frame, config->stdin_bytes, config->stdin_size);
    return krait__frame_end(frame, err);
}

/* ---- reading ------------------------------------------------------------------------------ */

static krait_status
malformed(krait_error *err)
{
    return krait__error_set(err, KRAIT_EFORMAT, 0, "the frame that opens a worker is malformed");
}

static krait_status
take_args(krait_reader *reader, krait_config *config, krait_error *err)
{
    uint32_t count = krait__take_count(reader, STRINGS_MAX);
    krait_status status = KRAIT_OK;

    for (uint32_t i = 0; i < count && status == KRAIT_OK && !reader->failed; i++)
        status = krait_config_add_arg(config, krait__take_text(reader), err);
    return status;
}

static krait_status
take_environ(krait_reader *reader, krait_config *config, krait_error *err)
{
    uint32_t count = krait__take_count(reader, STRINGS_MAX);
    krait_status status = KRAIT_OK;

    for (uint32_t i = 0; i < count && status == KRAIT_OK && !reader->failed; i++) {
        const char *text = krait__take_text(reader);
        const char *equals = strchr(text, '=');
        char *name;

        if (equals == NULL)
            return malformed(err);
        name = krait__memdup(text, (size_t)(equals - text) + 1);
        if (name == NULL)
            return krait__error_nomem(err);
        name[equals - text] = '\0';
        status = krait_config_add_env(config, name, equals + 1, err);
        krait__free(name);
    }
    return status;
}

static krait_status
take_preopens(krait_reader *reader, krait_config *config, krait_error *err)
{
    uint32_t count = krait__take_count(reader, 2 * GRANTS_MAX);
    krait_status status = KRAIT_OK;

    for (uint32_t i = 0; i + 1 < count && status == KRAIT_OK && !reader->failed; i += 2) {
        const char *name = krait__take_text(reader);
        const char *guest = krait__take_text(reader);

        status = krait_config_add_preopen(config, name, guest, err);
    }
    return count % 2 == 0 ? status : malformed(err);
}

static krait_status
take_grants(krait_reader *reader, krait_config *config, krait_error *err)
{
    uint32_t count = krait__take_count(reader, GRANTS_MAX);
    krait_status status = KRAIT_OK;

    for (uint32_t i = 0; i < count && status == KRAIT_OK && !reader->failed; i++) {
        const char *host = krait__take_text(reader);
        const char *guest = krait__take_text(reader);
        const uint32_t flags = krait__take_u32(reader);

        status = krait__take_u32(reader) != 0
                     ? krait_config_add_file(config, host, guest, flags, err)
                     : krait_config_add_dir(config, host, guest, flags, err);
    }
    return status;
}

static krait_status
take_deterministic(krait_reader *reader, krait_config *config, krait_error *err)
{
    const bool is_deterministic = krait__take_u32(reader) != 0;
    const uint64_t seed = krait__take_u64(reader);
    const uint64_t start_ns = krait__take_u64(reader);
    krait_status status;

    if (!is_deterministic || reader->failed)
        return KRAIT_OK;
    status = krait_config_set_deterministic(config, seed, err);
    return status == KRAIT_OK ? krait_config_set_start_time(config, start_ns, err) : status;
}

static krait_status
take_rest(krait_reader *reader, krait_config *config, krait_function function, krait_error *err)
{
    uint32_t count = krait__take_count(reader, FUNCTIONS_MAX);
    krait_status status = KRAIT_OK;
    const void *bytes;
    size_t size = 0;

    for (uint32_t i = 0; i < count && status == KRAIT_OK && !reader->failed; i++)
        status = krait_config_add_function(config, krait__take_text(reader), function, NULL, err);
    if (status == KRAIT_OK && config->function_count != count)
        return malformed(err);
    if (krait__take_u32(reader) != KRAIT_LIMIT_COUNT)
        return malformed(err);
    for (size_t i = 0; i < KRAIT_LIMIT_COUNT; i++)
        config->limits[i] = krait__take_u64(reader);
    config->counts_fuel = krait__take_u32(reader) != 0;
    if (status == KRAIT_OK)
        status = take_deterministic(reader, config, err);
    bytes = krait__take_bytes(reader, &size);
    if (status == KRAIT_OK && size > 0)
        status = krait_config_set_stdin_bytes(config, bytes, size, err);
    return status;
}

static krait_status
take_config(krait_reader *reader, krait_config *config, krait_function function, krait_error *err)
{
    krait_status status = take_args(reader, config, err);

    if (status == KRAIT_OK)
        status = take_environ(reader, config, err);
    if (status == KRAIT_OK)
        status = take_preopens(reader, config, err);
    if (status == KRAIT_OK)
        status = take_grants(reader, config, err);
    if (status == KRAIT_OK)
        status = take_rest(reader, config, function, err);
    if (status == KRAIT_OK && !krait__reader_ends(reader))
        status = malformed(err);
    return status;
}

krait_status
krait__open_decode(const void *payload, size_t size, krait_function function, krait_open *ret_open,
                   krait_error *err)
{
    krait_reader reader = krait__reader(payload, size);
    const uint32_t version = krait__take_u32(&reader);
    krait_config *config = NULL;
    krait_status status;

    memset(ret_open, 0, sizeof(*ret_open));
    ret_open->library = krait__take_text(&reader);
    if (reader.failed)
        return malformed(err);
    if (version != KRAIT_WIRE_VERSION || strcmp(ret_open->library, krait_version()) != 0)
        return krait__error_set(err, KRAIT_EUNSUPPORTED, 0,
                                "krait-worker %s.%u is not of the same version as the library",
                                krait_version(), KRAIT_WIRE_VERSION);
    ret_open->folder = krait__take_text(&reader);
    ret_open->krt = krait__take_text(&reader);
    ret_open->ready = krait__take_u32(&reader);
    ret_open->idle_bytes = krait__take_u64(&reader);
    if (reader.failed || ret_open->ready > KRAIT_WIRE_READY_MAX)
        return malformed(err);
    status = krait_config_new(&config, err);
    if (status == KRAIT_OK)
        status = take_config(&reader, config, function, err);
    if (status != KRAIT_OK) {
        krait_config_free(config);
        return status;
    }
    ret_open->config = config;
    return KRAIT_OK;
}
