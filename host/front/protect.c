/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A static program relocates itself, and where the C library leaves it at that, its tables of
 * functions stay writable: this makes them read-only, as the system's loader does (PT_GNU_RELRO).
 */
#include "front/loaded.h"

#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

static void protect(void) __attribute__((constructor));

static void
protect(void)
{
    const ElfW(Phdr) *parts = (const ElfW(Phdr) *)getauxval(AT_PHDR);
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t base = 0;

    for (unsigned long i = 0; parts != NULL && i < getauxval(AT_PHNUM); i++) {
        if (parts[i].p_type == PT_DYNAMIC)
            base = (uintptr_t)_DYNAMIC - parts[i].p_vaddr;
    }
    for (unsigned long i = 0; parts != NULL && i < getauxval(AT_PHNUM); i++) {
        uintptr_t begin = (base + parts[i].p_vaddr) & ~(page - 1);
        uintptr_t end = (base + parts[i].p_vaddr + parts[i].p_memsz) & ~(page - 1);

        if (parts[i].p_type == PT_GNU_RELRO && end > begin)
            (void)mprotect((void *)begin, end - begin, PROT_READ);
    }
}
