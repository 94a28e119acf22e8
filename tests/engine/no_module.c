/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A shared object without a module description: the engine must refuse it.
 */
/* So that it is made and sealed again for every new ABI. */
#include <krait/abi.h>
extern int not_a_module;
int not_a_module;
