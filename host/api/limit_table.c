/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The limits of result.h: their names, and what a new configuration has.
 */
#include "api/internal.h"

#include "base/error.h"

typedef struct limit_row {
    const char *name;
    uint64_t value;
} limit_row;

#define MIB UINT64_C(1048576)
#define SEC UINT64_C(1000000000)

static const limit_row rows[KRAIT_LIMIT_COUNT] = {
    [KRAIT_LIMIT_NONE] = {"no limit", KRAIT_UNLIMITED},
    [KRAIT_LIMIT_WALL] = {"wall time", 30 * SEC},
    [KRAIT_LIMIT_CPU] = {"CPU time", 30 * SEC},
    [KRAIT_LIMIT_MEMORY] = {"memory", 1024 * MIB},
    [KRAIT_LIMIT_OUTPUT] = {"output", 16 * MIB},
    [KRAIT_LIMIT_FILES] = {"open files", 256},
    [KRAIT_LIMIT_FS_BYTES] = {"file system bytes", 256 * MIB},
    [KRAIT_LIMIT_FS_INODES] = {"file system inodes", 65536},
    [KRAIT_LIMIT_HOST_CALLS] = {"host calls", 1000000},
    [KRAIT_LIMIT_FUEL] = {"fuel", KRAIT_UNLIMITED},
    [KRAIT_LIMIT_STACK] = {"stack", 64 * MIB},
    [KRAIT_LIMIT_PATH] = {"path length", 4095},
    [KRAIT_LIMIT_READDIR] = {"directory listing", MIB},
    [KRAIT_LIMIT_POLL] = {"poll size", 4096},
    [KRAIT_LIMIT_VALUE] = {"value size", 64 * MIB},
    [KRAIT_LIMIT_PENDING] = {"pending calls", 1024},
    [KRAIT_LIMIT_GRACE] = {"grace period", SEC / 25},
};

const char *
krait_limit_name(krait_limit limit)
{
    return (unsigned)limit < KRAIT_LIMIT_COUNT ? rows[limit].name : "unknown limit";
}

void
krait__limits_default(uint64_t limits[KRAIT_LIMIT_COUNT])
{
    for (unsigned i = 0; i < KRAIT_LIMIT_COUNT; i++)
        limits[i] = rows[i].value;
}

krait_status
krait_config_set_limit(krait_config *config, krait_limit limit, uint64_t value, krait_error *err)
{
    if (config == NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0, "an argument is NULL");
    if (limit == KRAIT_LIMIT_NONE || (unsigned)limit >= KRAIT_LIMIT_COUNT)
        return krait__error_set(err, KRAIT_EINVAL, 0, "there is no limit %d", (int)limit);
    if (limit == KRAIT_LIMIT_FUEL && value == 0)
        return krait__error_set(err, KRAIT_EINVAL, 0, "a limit of fuel is at least 1");
    config->limits[limit] = value;
    if (limit == KRAIT_LIMIT_FUEL)
        config->counts_fuel = value != KRAIT_UNLIMITED;
    return KRAIT_OK;
}

void
krait_config_set_memory_limit(krait_config *config, uint64_t bytes)
{
    config->limits[KRAIT_LIMIT_MEMORY] = bytes != 0 ? bytes : KRAIT_UNLIMITED;
}

void
krait_config_set_keep(krait_config *config, uint64_t bytes)
{
    config->keep_bytes = bytes;
}

void
krait_config_set_fuel(krait_config *config, uint64_t fuel)
{
    config->counts_fuel = fuel != 0;
    config->limits[KRAIT_LIMIT_FUEL] = fuel != 0 ? fuel : KRAIT_UNLIMITED;
}
