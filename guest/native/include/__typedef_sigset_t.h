/* SPDX-License-Identifier: Apache-2.0 */
/* Replaces wasi-libc's type, which has room for no signal. */
#ifndef KRAIT_NATIVE___TYPEDEF_SIGSET_T_H
#define KRAIT_NATIVE___TYPEDEF_SIGSET_T_H

typedef unsigned long long sigset_t;

#endif
