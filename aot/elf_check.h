/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last check of a .krt: what it takes from outside and what it brings.
 */
#ifndef KRAIT_AOT_ELF_CHECK_H
#define KRAIT_AOT_ELF_CHECK_H

#include <krait/error.h>

#include <stddef.h>
#include <stdint.h>

/* `ret_cpu` receives the sets of base/cpu.h that the code may use.  Refuses (KRAIT_EFORMAT) an object that imports anything but the leaf
 * functions of libc and libm that the compilers insert, exports anything but
 * krait_module, has code that runs when it is loaded, or writable data.
 * `data` is aligned as malloc does. */
krait_status krait__elf_check(const uint8_t *data, size_t size, uint64_t *ret_cpu,
                              krait_error *err);

#endif /* KRAIT_AOT_ELF_CHECK_H */
