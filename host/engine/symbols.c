/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of guest functions for backtraces.
 *
 * Translated functions are hidden symbols, which the loader does not know; their
 * names are in the .krt's symbol table (ELF-64, System V gABI chapter 4).  Only
 * read when a trap is reported, so the file is mapped and searched linearly.
 */
#include "engine/internal.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct elf_view {
    const uint8_t *data;
    size_t size;
} elf_view;

static bool
map_file(const char *path, elf_view *view)
{
    struct stat status;
    void *data = MAP_FAILED;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return false;
    if (fstat(fd, &status) == 0 && status.st_size > 0)
        data = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (data == MAP_FAILED)
        return false;
    view->data = data;
    view->size = (size_t)status.st_size;
    return true;
}

/* Pointer to `size` bytes at `offset`, or NULL when they are not in the file. */
static const void *
at(const elf_view *view, uint64_t offset, uint64_t size)
{
    if (size > view->size || offset > view->size - size)
        return NULL;
    return view->data + offset;
}

static const Elf64_Shdr *
find_section(const elf_view *view, uint32_t type, const Elf64_Shdr **ret_all, unsigned *ret_count)
{
    const Elf64_Ehdr *header = at(view, 0, sizeof(*header));
    const Elf64_Shdr *sections;
    unsigned i;

    if (header == NULL || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
        header->e_shentsize != sizeof(*sections))
        return NULL;
    sections = at(view, header->e_shoff, (uint64_t)header->e_shnum * sizeof(*sections));
    if (sections == NULL)
        return NULL;
    for (i = 0; i < header->e_shnum; i++) {
        if (sections[i].sh_type == type) {
            *ret_all = sections;
            *ret_count = header->e_shnum;
            return &sections[i];
        }
    }
    return NULL;
}

static bool
search(const elf_view *view, uint64_t address, char *text, size_t size)
{
    const Elf64_Shdr *all = NULL;
    unsigned count = 0;
    const Elf64_Shdr *table = find_section(view, SHT_SYMTAB, &all, &count);
    const Elf64_Sym *symbols;
    const char *names;
    uint64_t i;

    if (table == NULL || table->sh_link >= count)
        return false;
    symbols = at(view, table->sh_offset, table->sh_size);
    names = at(view, all[table->sh_link].sh_offset, all[table->sh_link].sh_size);
    if (symbols == NULL || names == NULL)
        return false;
    for (i = 0; i < table->sh_size / sizeof(*symbols); i++) {
        const Elf64_Sym *symbol = &symbols[i];
        const char *name;

        if (ELF64_ST_TYPE(symbol->st_info) != STT_FUNC || address < symbol->st_value ||
            address - symbol->st_value >= symbol->st_size ||
            symbol->st_name >= all[table->sh_link].sh_size)
            continue;
        name = names + symbol->st_name;
        /* t_NAME is the code of a function that makes tail calls; what has neither name is
         * the translator's own. */
        if (strncmp(name, "w_", 2) != 0 && strncmp(name, "t_", 2) != 0)
            return false;
        snprintf(text, size, "%.200s+%#llx", name + 2,
                 (unsigned long long)(address - symbol->st_value));
        return true;
    }
    return false;
}

bool
krait__module_symbol(const krait_module *module, uintptr_t address, char *text, size_t size)
{
    const krait_object *object = &module->object;
    elf_view view;
    bool found;

    if (address < object->code_begin || address >= object->code_end ||
        !map_file(module->path, &view))
        return false;
    found = search(&view, address - object->base, text, size);
    munmap((void *)(uintptr_t)view.data, view.size);
    return found;
}
