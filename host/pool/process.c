/* SPDX-License-Identifier: Apache-2.0 */
/*
 * KRAIT_ISOLATION_PROCESS: refused until there is a worker program.
 */
#include "pool/internal.h"

#include "base/error.h"

krait_status
krait__process_driver(krait_driver *driver, krait_error *err)
{
    driver->own = NULL;
    return krait__error_set(err, KRAIT_EUNSUPPORTED, 0,
                            "pools of processes are not there yet: take KRAIT_ISOLATION_THREAD");
}
