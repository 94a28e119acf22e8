/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The result of `krait run` as one line of JSON: --json and --status-fd.
 *
 * With --json it goes to stdout, which then carries nothing else: what the program writes is kept
 * and becomes part of it.  With --status-fd it goes to that descriptor, and the program's streams
 * are as ever.  There is exactly one such line, also when the program could not be started.
 */
#include "cli.h"

#include <krait/abi.h>
#include <krait/krait.h>

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool was_written;

bool
cli_result_captures(const cli_run_request *request)
{
    return request->json && request->status_fd < 0;
}

static void
print_stream(FILE *to, const char *name, const char *bytes, size_t size)
{
    fprintf(to, ",\"%s\":", name);
    cli_json_bytes(to, bytes, size);
    if (cli_is_utf8(bytes, size))
        return;
    fprintf(to, ",\"%s_base64\":", name);
    cli_json_base64(to, bytes, size);
}

static void
print_truncated(FILE *to, uint32_t truncated)
{
    static const struct {
        uint32_t bit;
        const char *name;
    } parts[] = {{KRAIT_TRUNCATED_STDOUT, "stdout"},
                 {KRAIT_TRUNCATED_STDERR, "stderr"},
                 {KRAIT_TRUNCATED_BACKTRACE, "backtrace"}};
    const char *separator = "";
    size_t i;

    fputs(",\"truncated\":[", to);
    for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if ((truncated & parts[i].bit) == 0)
            continue;
        fprintf(to, "%s\"%s\"", separator, parts[i].name);
        separator = ",";
    }
    fputc(']', to);
}

static void
print_result(FILE *to, const cli_run_request *request, const krait_result *result, int exit_status)
{
    static const char *const kinds[] = {"exited", "trapped",   "raised",
                                        "limit",  "cancelled", "returned"};

    fprintf(to, "{\"kind\":\"%s\",\"exit_status\":%d,\"exit_code\":", kinds[result->kind],
            exit_status);
    if (result->trap == 0)
        fprintf(to, "%" PRIu32, result->exit_code);
    else
        fputs("null", to);
    fputs(",\"limit\":", to);
    if (result->kind == KRAIT_RESULT_LIMIT)
        cli_json_text(to, krait_limit_name(result->limit));
    else
        fputs("null", to);
    fprintf(to, ",\"trap\":%" PRIu32 ",\"message\":", result->trap);
    cli_json_text(to, result->message);
    fputs(",\"backtrace\":", to);
    cli_json_text(to, result->backtrace);
    fprintf(to,
            ",\"wall_ns\":%" PRIu64 ",\"cpu_ns\":%" PRIu64 ",\"peak_memory_bytes\":%" PRIu64
            ",\"fuel_spent\":%" PRIu64,
            result->wall_ns, result->cpu_ns, result->peak_memory_bytes, result->fuel_spent);
    if (cli_result_captures(request)) {
        print_truncated(to, result->truncated);
        print_stream(to, "stdout", result->stdout_bytes, result->stdout_size);
        print_stream(to, "stderr", result->stderr_bytes, result->stderr_size);
    }
    fputs("}\n", to);
}

static void
print_failure(FILE *to, int exit_status)
{
    fprintf(to, "{\"kind\":\"failed\",\"exit_status\":%d,\"exit_code\":null,\"limit\":null",
            exit_status);
    fputs(",\"message\":", to);
    cli_json_text(to, cli_last_message());
    fputs("}\n", to);
}

/* The descriptor may be one that does not block: its open file is the caller's. */
static bool
write_all(int fd, const char *text, size_t size)
{
    while (size > 0) {
        ssize_t done = write(fd, text, size);

        if (done < 0 && errno == EAGAIN) {
            struct pollfd ready = {.fd = fd, .events = POLLOUT};

            (void)poll(&ready, 1, -1);
            continue;
        }
        if (done < 0 && errno != EINTR)
            return false;
        if (done > 0) {
            text += done;
            size -= (size_t)done;
        }
    }
    return true;
}

int
cli_result_write(const cli_run_request *request, const krait_result *result, int exit_status)
{
    const int fd = request->status_fd >= 0 ? request->status_fd : STDOUT_FILENO;
    char *text = NULL;
    size_t size = 0;
    FILE *to;

    if (was_written || (!request->json && request->status_fd < 0))
        return exit_status;
    was_written = true;
    to = cli_need(open_memstream(&text, &size));
    if (result != NULL)
        print_result(to, request, result, exit_status);
    else
        print_failure(to, exit_status);
    if (fclose(to) != 0)
        (void)cli_need(NULL);
    if (!write_all(fd, text, size)) {
        cli_message("cannot write the result: %s", strerror(errno));
        exit_status = KRAIT_EXIT_FAILED;
    }
    free(text);
    return exit_status;
}
