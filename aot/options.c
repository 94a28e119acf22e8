/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options of krait/aot.h: defaults, ceilings, and values that make no sense.
 */
#include "aot/options.h"
#include "aot/limits.h"
#include "base/error.h"

#include <krait/abi.h>

#include <string.h>
#include <unistd.h>

#define MAX_JOBS 256

#define DEFAULT_TIMEOUT_S  3600
#define DEFAULT_CPU_S      120
#define DEFAULT_MEMORY_MIB 4096

static void
set_defaults(krait_aot_options *options)
{
    if (options->jobs == 0) {
        long processors = sysconf(_SC_NPROCESSORS_ONLN);

        options->jobs = processors > 0 && processors < MAX_JOBS ? (unsigned)processors : 1;
    }
    if (options->opt_level == NULL)
        options->opt_level = "2";
    if (options->timeout_s == 0)
        options->timeout_s = DEFAULT_TIMEOUT_S;
    if (options->cpu_s == 0)
        options->cpu_s = DEFAULT_CPU_S;
    if (options->memory_mib == 0)
        options->memory_mib = DEFAULT_MEMORY_MIB;
    if (options->plain_function == 0)
        options->plain_function = KRAIT_EMIT_PLAIN_FUNCTION;
    if (options->max_function == 0)
        options->max_function = KRAIT_EMIT_MAX_FUNCTION;
}

krait_status
krait__options_take(const krait_aot_options *given, krait_aot_options *ret_options,
                    krait_error *err)
{
    krait_aot_options options = KRAIT_AOT_OPTIONS_INIT;

    if (given != NULL)
        options = *given;
    if (options.size != sizeof(options))
        return krait__error_set(err, KRAIT_EINVAL, 0, "options of another version");
    set_defaults(&options);
    if (options.jobs > MAX_JOBS)
        return krait__error_set(err, KRAIT_EINVAL, 0, "at most %d jobs are possible", MAX_JOBS);
    if (options.parts > KRAIT_EMIT_MAX_PARTS)
        return krait__error_set(err, KRAIT_EINVAL, 0, "at most %u parts are possible",
                                KRAIT_EMIT_MAX_PARTS);
    /* Not "fast": its arithmetic is another. */
    if (strlen(options.opt_level) != 1 || strchr("0123sgz", options.opt_level[0]) == NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0, "'%s' is not an optimisation level",
                                options.opt_level);
    *ret_options = options;
    return KRAIT_OK;
}

uint32_t
krait__options_flags(const krait_aot_options *options)
{
    return (options->meter != 0 ? (uint32_t)KRAIT_MODULE_METERED : 0) |
           (options->bounds_checked != 0 ? (uint32_t)KRAIT_MODULE_CHECKED : 0);
}
