/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the compiler's unwinder asks about code in this process: _dl_find_object() (newer libgcc) and
 * dl_iterate_phdr() (older ones, and libunwind).  In a program that is linked statically the C
 * library knows the program alone, or has neither; these know the modules of object.c, too.
 * Async-signal-safe: backtraces are made in signal handlers.
 */
#include "front/loaded.h"

#include <dlfcn.h>
#include <string.h>
#include <sys/auxv.h>

/* Of glibc's <dlfcn.h>, which other C libraries do not have: part of libgcc's interface. */
#ifndef DLFO_STRUCT_HAS_EH_DBASE
struct dl_find_object {
    unsigned long long dlfo_flags;
    void *dlfo_map_start;
    void *dlfo_map_end;
    struct link_map *dlfo_link_map;
    void *dlfo_eh_frame; /* PT_GNU_EH_FRAME */
    unsigned long long reserved[7];
};

int _dl_find_object(void *address, struct dl_find_object *result);
#endif

typedef int (*phdr_callback)(struct dl_phdr_info *info, size_t size, void *data);

/* Calls it for the program; what it returns. */
static int
with_program(phdr_callback callback, void *data)
{
    const ElfW(Phdr) *parts = (const ElfW(Phdr) *)getauxval(AT_PHDR);
    struct dl_phdr_info info;

    memset(&info, 0, sizeof(info));
    if (parts == NULL)
        return 0;
    info.dlpi_name = "";
    info.dlpi_phdr = parts;
    info.dlpi_phnum = (ElfW(Half))getauxval(AT_PHNUM);
    for (unsigned i = 0; i < info.dlpi_phnum; i++) {
        if (parts[i].p_type == PT_DYNAMIC)
            info.dlpi_addr = (uintptr_t)_DYNAMIC - parts[i].p_vaddr;
    }
    return callback(&info, sizeof(info), data);
}

int
dl_iterate_phdr(phdr_callback callback, void *data)
{
    int result = with_program(callback, data);

    for (const krait_loaded *entry = krait__loaded_first(); entry != NULL && result == 0;
         entry = entry->next) {
        struct dl_phdr_info info;

        memset(&info, 0, sizeof(info));
        info.dlpi_addr = atomic_load_explicit(&entry->begin, memory_order_acquire);
        if (info.dlpi_addr == 0)
            continue;
        info.dlpi_name = entry->path;
        info.dlpi_phdr = entry->parts;
        info.dlpi_phnum = (ElfW(Half))entry->part_count;
        result = callback(&info, sizeof(info), data);
    }
    return result;
}

typedef struct wanted {
    uintptr_t address;
    struct dl_find_object *result;
} wanted;

static int
look(struct dl_phdr_info *info, size_t size, void *data)
{
    const wanted *w = data;
    uintptr_t begin = UINTPTR_MAX;
    uintptr_t end = 0;
    uintptr_t table = 0;

    (void)size;
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        uintptr_t at = info->dlpi_addr + part->p_vaddr;

        if (part->p_type == PT_GNU_EH_FRAME)
            table = at;
        if (part->p_type != PT_LOAD)
            continue;
        begin = at < begin ? at : begin;
        end = at + part->p_memsz > end ? at + part->p_memsz : end;
    }
    if (w->address < begin || w->address >= end || table == 0)
        return 0;
    memset(w->result, 0, sizeof(*w->result));
    w->result->dlfo_map_start = (void *)begin;
    w->result->dlfo_map_end = (void *)end;
    w->result->dlfo_eh_frame = (void *)table;
    return 1;
}

int
_dl_find_object(void *address, struct dl_find_object *result)
{
    wanted w = {(uintptr_t)address, result};

    return dl_iterate_phdr(look, &w) != 0 ? 0 : -1;
}
