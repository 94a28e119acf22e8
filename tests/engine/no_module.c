/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A shared object without a module description: the engine must refuse it.
 */
extern int not_a_module;
int not_a_module;
