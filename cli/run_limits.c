/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The limits of `krait run`: --timeout, --cpu, --memory, --max-output, --max-files, --max-fs.
 *
 * Memory, open files and files in memory always have a limit here; time and output have one when
 * it was asked for.
 */
#include "cli.h"

#include <string.h>
#include <unistd.h>

/* Most linear memory that 32-bit addresses reach, less a gap at the end in which
 * an exhausted stack shows itself. */
#define MEMORY_CEILING ((UINT64_C(1) << 32) - (UINT64_C(64) << 20))

#define DEFAULT_FILES 1024u

/* Of what becomes part of the result. */
#define CAPTURED_OUTPUT (UINT64_C(16) << 20)

typedef struct limit_option {
    const char *name;
    krait_limit limit;
    bool (*parse)(const char *text, uint64_t *ret);
    uint64_t least;
    uint64_t most;
    const char *wanted; /* what a wrong value is not */
} limit_option;

static const limit_option options[] = {
    {"--timeout", KRAIT_LIMIT_WALL, cli_parse_time, 1, UINT64_MAX - 1, "time such as 500ms or 5s"},
    {"--cpu", KRAIT_LIMIT_CPU, cli_parse_time, 1, UINT64_MAX - 1, "time such as 500ms or 5s"},
    {"--memory", KRAIT_LIMIT_MEMORY, cli_parse_size, 1, UINT64_MAX - 1, "size such as 256M or 1G"},
    {"--max-output", KRAIT_LIMIT_OUTPUT, cli_parse_size, 0, UINT64_MAX - 1,
     "size such as 64K or 1M"},
    {"--max-files", KRAIT_LIMIT_FILES, cli_parse_size, 4, 65536, "number from 4 to 65536"},
    {"--max-fs", KRAIT_LIMIT_FS_BYTES, cli_parse_size, 1, UINT64_MAX - 1, "size such as 64M or 1G"},
};

#define OPTIONS (sizeof(options) / sizeof(options[0]))

void
cli_limits_init(cli_limits *limits)
{
    size_t i;

    memset(limits, 0, sizeof(*limits));
    for (i = 0; i < KRAIT_LIMIT_COUNT; i++)
        limits->values[i] = KRAIT_UNLIMITED;
}

int
cli_limits_option(cli_limits *limits, int argc, char **argv, int *index)
{
    size_t i;

    for (i = 0; i < OPTIONS; i++) {
        const limit_option *option = &options[i];
        const char *value;
        uint64_t number;

        if (!cli_is_long(argv[*index], option->name))
            continue;
        value = cli_option_value(argc, argv, index, strlen(option->name));
        if (value == NULL)
            return KRAIT_EXIT_FAILED;
        if (!option->parse(value, &number) || number < option->least || number > option->most) {
            cli_message("%s: '%s' is no %s", option->name, value, option->wanted);
            return KRAIT_EXIT_FAILED;
        }
        limits->values[option->limit] = number;
        return 0;
    }
    return -1;
}

/* What was asked for, else three quarters of the machine's memory, so that a guest that
 * allocates without end gets a MemoryError before the machine is in trouble. */
static uint64_t
memory_limit(const cli_limits *limits)
{
    const uint64_t asked = limits->values[KRAIT_LIMIT_MEMORY];
    long pages = sysconf(_SC_PHYS_PAGES);
    long page_size = sysconf(_SC_PAGESIZE);
    uint64_t limit = MEMORY_CEILING;

    if (asked != KRAIT_UNLIMITED)
        return asked < MEMORY_CEILING ? asked : MEMORY_CEILING;
    if (pages > 0 && page_size > 0 && (uint64_t)pages < UINT64_MAX / (uint64_t)page_size) {
        uint64_t share = (uint64_t)pages * (uint64_t)page_size / 4 * 3;

        if (share < limit)
            limit = share;
    }
    return limit;
}

krait_status
cli_limits_configure(const cli_limits *limits, bool captures, krait_config *config,
                     krait_error *err)
{
    static const krait_limit asked[] = {KRAIT_LIMIT_WALL, KRAIT_LIMIT_CPU, KRAIT_LIMIT_OUTPUT,
                                        KRAIT_LIMIT_HOST_CALLS};
    uint64_t files = limits->values[KRAIT_LIMIT_FILES];
    krait_status status = krait_config_set_limit(config, KRAIT_LIMIT_MEMORY, memory_limit(limits),
                                                 err);
    size_t i;

    for (i = 0; i < sizeof(asked) / sizeof(asked[0]) && status == KRAIT_OK; i++)
        status = krait_config_set_limit(config, asked[i], limits->values[asked[i]], err);
    /* What is kept in memory has a limit. */
    if (status == KRAIT_OK && captures && limits->values[KRAIT_LIMIT_OUTPUT] == KRAIT_UNLIMITED)
        status = krait_config_set_limit(config, KRAIT_LIMIT_OUTPUT, CAPTURED_OUTPUT, err);
    if (status == KRAIT_OK)
        status = krait_config_set_limit(config, KRAIT_LIMIT_FILES,
                                        files != KRAIT_UNLIMITED ? files : DEFAULT_FILES, err);
    /* The default of the library is right for files in memory. */
    if (status == KRAIT_OK && limits->values[KRAIT_LIMIT_FS_BYTES] != KRAIT_UNLIMITED)
        status = krait_config_set_limit(config, KRAIT_LIMIT_FS_BYTES,
                                        limits->values[KRAIT_LIMIT_FS_BYTES], err);
    return status;
}
