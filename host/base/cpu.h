/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instruction sets beyond a processor family's baseline: what a translated
 * module was compiled for, and what this machine has.
 *
 * The table has one entry for each set that a C compiler announces by a macro
 * (System V psABI for x86-64, ACLE for aarch64).  A set that is not listed is
 * not checked.
 */
#ifndef KRAIT_BASE_CPU_H
#define KRAIT_BASE_CPU_H

#include <stddef.h>
#include <stdint.h>

typedef struct krait_cpu_set {
    const char *name;  /* as in /proc/cpuinfo, more or less */
    const char *macro; /* predefined by compilers that may use it */
    uint16_t machine;  /* ELF number: EM_X86_64, EM_AARCH64 */
    uint16_t bit;      /* in masks; each machine counts by itself */
} krait_cpu_set;

/* All sets of all machines. */
const krait_cpu_set *krait__cpu_sets(size_t *ret_count);

/* ELF number of the machine that this runs on. */
uint16_t krait__cpu_machine(void);

/* "x86-64", "aarch64"; "machine" for others. */
const char *krait__cpu_machine_name(uint16_t machine);

/* The sets of this machine's table that it has. */
uint64_t krait__cpu_present(void);

/* The names of the sets in `mask`, with blanks between them; cut at `size`. */
void krait__cpu_names(uint16_t machine, uint64_t mask, char *text, size_t size);

#endif /* KRAIT_BASE_CPU_H */
