/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads an ELF-64 shared object of this machine (System V gABI chapters 4 and
 * 5): section headers, dynamic symbols and the dynamic section.  Guest code can
 * be left by longjmp at any instruction, so it must not be inside of a function
 * that holds a lock; and what is not imported cannot be called.
 */
#include "aot/elf_check.h"
#include "base/cpu.h"
#include "base/error.h"

#include <krait/abi.h>

#include <elf.h>
#include <stdbool.h>
#include <string.h>

/* Functions without locks, allocation, errno that matters, or callbacks. */
static const char *const allowed_imports[] = {
    "memcpy",    "memmove",    "memset", "memcmp", "bcmp", "strlen", "ceil",      "ceilf",
    "floor",     "floorf",     "trunc",  "truncf", "rint", "rintf",  "sqrt",      "sqrtf",
    "nearbyint", "nearbyintf", "fmin",   "fminf",  "fmax", "fmaxf",  "roundeven", "roundevenf",
};

/* Sections that may be written to before relocation is finished (RELRO). */
static const char *const allowed_writable[] = {
    ".data.rel.ro", ".data.rel.ro.local", ".dynamic", ".got", ".got.plt", ".relro_padding"};

typedef struct elf_view {
    const uint8_t *data;
    size_t size;
    const Elf64_Shdr *sections;
    unsigned section_count;
    uint16_t machine;
    uint64_t cpu; /* instruction sets that the code may use */
    krait_error *err;
} elf_view;

static const void *
at(const elf_view *elf, uint64_t offset, uint64_t size, uint64_t align)
{
    if (size > elf->size || offset > elf->size - size || offset % align != 0)
        return NULL;
    return elf->data + offset;
}

static bool
in_list(const char *name, const char *const *list, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (strcmp(list[i], name) == 0)
            return true;
    }
    return false;
}

static krait_status
refuse(const elf_view *elf, const char *what, const char *name)
{
    return krait__error_set(elf->err, KRAIT_EFORMAT, 0, "the compiled module %s%s%s%s", what,
                            name != NULL ? " '" : "", name != NULL ? name : "",
                            name != NULL ? "'" : "");
}

/* A string of the section `strings`; NULL when it is not wholly inside. */
static const char *
string_at(const elf_view *elf, const Elf64_Shdr *strings, uint64_t offset)
{
    const char *text = at(elf, strings->sh_offset, strings->sh_size, 1);

    if (text == NULL || offset >= strings->sh_size ||
        memchr(text + offset, '\0', strings->sh_size - offset) == NULL)
        return NULL;
    return text + offset;
}

static krait_status
check_symbol(const elf_view *elf, const Elf64_Sym *symbol, const char *name)
{
    if (symbol->st_shndx == SHN_UNDEF) {
        if (in_list(name, allowed_imports, sizeof(allowed_imports) / sizeof(allowed_imports[0])))
            return KRAIT_OK;
        return refuse(elf, "needs a function that it may not call:", name);
    }
    if (strcmp(name, KRAIT_MODULE_SYMBOL) != 0)
        return refuse(elf, "exports", name);
    return KRAIT_OK;
}

static krait_status
check_symbols(const elf_view *elf, const Elf64_Shdr *section)
{
    const Elf64_Sym *symbols = at(elf, section->sh_offset, section->sh_size, _Alignof(Elf64_Sym));
    uint64_t count = section->sh_size / sizeof(*symbols);
    uint64_t i;

    if (symbols == NULL || section->sh_link >= elf->section_count)
        return refuse(elf, "has a damaged symbol table", NULL);
    /* The first one is always empty. */
    for (i = 1; i < count; i++) {
        const char *name = string_at(elf, &elf->sections[section->sh_link], symbols[i].st_name);
        krait_status status;

        if (name == NULL)
            return refuse(elf, "has a damaged symbol table", NULL);
        if (ELF64_ST_TYPE(symbols[i].st_info) == STT_SECTION)
            continue;
        status = check_symbol(elf, &symbols[i], name);
        if (status != KRAIT_OK)
            return status;
    }
    return KRAIT_OK;
}

static krait_status
check_dynamic(const elf_view *elf, const Elf64_Shdr *section)
{
    const Elf64_Dyn *entries = at(elf, section->sh_offset, section->sh_size, _Alignof(Elf64_Dyn));
    uint64_t count = section->sh_size / sizeof(*entries);
    uint64_t i;

    for (i = 0; entries != NULL && i < count; i++) {
        switch (entries[i].d_tag) {
        case DT_INIT:
        case DT_FINI:
        case DT_INIT_ARRAY:
        case DT_FINI_ARRAY:
            return refuse(elf, "has code that runs when it is loaded", NULL);
        case DT_TEXTREL:
            return refuse(elf, "has code that is changed when it is loaded", NULL);
        default:
            break;
        }
    }
    return entries != NULL ? KRAIT_OK : refuse(elf, "has a damaged dynamic section", NULL);
}

/* Names, one after the other, each with its NUL: see emit_cpu.c. */
static krait_status
read_cpu(elf_view *elf, const Elf64_Shdr *section)
{
    const char *names = at(elf, section->sh_offset, section->sh_size, 1);
    size_t count;
    const krait_cpu_set *sets = krait__cpu_sets(&count);
    uint64_t offset = 0;

    while (names != NULL && offset < section->sh_size) {
        const char *name = string_at(elf, section, offset);
        bool found = false;
        size_t i;

        for (i = 0; name != NULL && i < count; i++) {
            if (sets[i].machine == elf->machine && strcmp(sets[i].name, name) == 0) {
                elf->cpu |= UINT64_C(1) << sets[i].bit;
                found = true;
            }
        }
        if (!found)
            return refuse(elf, "has a damaged list of instruction sets", NULL);
        offset += strlen(name) + 1;
    }
    return KRAIT_OK;
}

static krait_status
check_section(elf_view *elf, const Elf64_Shdr *section, const char *name)
{
    if (section->sh_type == SHT_DYNSYM)
        return check_symbols(elf, section);
    if (section->sh_type == SHT_DYNAMIC)
        return check_dynamic(elf, section);
    if (strcmp(name, ".krait.cpu") == 0)
        return read_cpu(elf, section);
    if (section->sh_type == SHT_INIT_ARRAY || section->sh_type == SHT_FINI_ARRAY ||
        section->sh_type == SHT_PREINIT_ARRAY)
        return refuse(elf, "has code that runs when it is loaded:", name);
    if ((section->sh_flags & SHF_ALLOC) != 0 && (section->sh_flags & SHF_WRITE) != 0 &&
        section->sh_size != 0 &&
        !in_list(name, allowed_writable, sizeof(allowed_writable) / sizeof(allowed_writable[0])))
        return refuse(elf, "has writable data:", name);
    return KRAIT_OK;
}

krait_status
krait__elf_check(const uint8_t *data, size_t size, uint64_t *ret_cpu, krait_error *err)
{
    elf_view elf = {.data = data, .size = size, .err = err};
    const Elf64_Ehdr *header = at(&elf, 0, sizeof(*header), 1);
    bool has_symbols = false;
    unsigned i;

    if (header == NULL || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
        header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_type != ET_DYN ||
        header->e_shentsize != sizeof(Elf64_Shdr) || header->e_shstrndx >= header->e_shnum)
        return refuse(&elf, "is not an ELF-64 shared object", NULL);
    elf.section_count = header->e_shnum;
    elf.machine = header->e_machine;
    elf.sections = at(&elf, header->e_shoff, (uint64_t)header->e_shnum * sizeof(Elf64_Shdr),
                      _Alignof(Elf64_Shdr));
    if (elf.sections == NULL)
        return refuse(&elf, "has damaged section headers", NULL);
    for (i = 0; i < elf.section_count; i++) {
        const char *name = string_at(&elf, &elf.sections[header->e_shstrndx],
                                     elf.sections[i].sh_name);
        krait_status status;

        if (name == NULL)
            return refuse(&elf, "has damaged section headers", NULL);
        status = check_section(&elf, &elf.sections[i], name);
        if (status != KRAIT_OK)
            return status;
        has_symbols = has_symbols || elf.sections[i].sh_type == SHT_DYNSYM;
    }
    if (!has_symbols)
        return refuse(&elf, "has no dynamic symbols", NULL);
    *ret_cpu = elf.cpu;
    return KRAIT_OK;
}
