/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Native code of modules without the system's loader, for a program that is linked statically: ELF-64
 * shared objects (System V gABI chapter 5 and the processors' supplements), as far as aot/elf_check.c
 * lets the translator make them.  They are mapped at an address that the kernel picks, relocated and
 * made read-only.  They need functions of a short list and nothing else; there is no search for
 * libraries, no constructor, no thread-local storage, no lazy binding.
 *
 * The seal has been checked, so this believes what it reads, but for what a file of another kind could
 * have: that is refused by name.
 */
#include "engine/object.h"
#include "base/alloc.h"
#include "base/error.h"
#include "front/leaf.h"
#include "front/loaded.h"

#include <krait/abi.h>

#include <elf.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__x86_64__)
#define MACHINE        EM_X86_64
#define RELOC_RELATIVE R_X86_64_RELATIVE
#define RELOC_DATA     R_X86_64_GLOB_DAT
#define RELOC_CALL     R_X86_64_JUMP_SLOT
#define RELOC_WORD     R_X86_64_64
#elif defined(__aarch64__)
#define MACHINE        EM_AARCH64
#define RELOC_RELATIVE R_AARCH64_RELATIVE
#define RELOC_DATA     R_AARCH64_GLOB_DAT
#define RELOC_CALL     R_AARCH64_JUMP_SLOT
#define RELOC_WORD     R_AARCH64_ABS64
#else
#error "no relocations for this processor"
#endif

/* What is found while an object is opened. */
typedef struct opening {
    const char *path;
    int fd;
    uint64_t file_size;
    uint64_t page;
    Elf64_Ehdr header;
    Elf64_Phdr parts[KRAIT_LOADED_PARTS];
    uint8_t *base; /* of address 0 */
    uint64_t span; /* mapped from there */
    const Elf64_Sym *symbols;
    uint64_t symbol_count;
    const char *names;
    uint64_t names_size;
    krait_error *err;
} opening;

static krait_status
refuse(const opening *o, const char *what)
{
    return krait__error_set(o->err, KRAIT_EFORMAT, 0, "cannot load '%s': %s", o->path, what);
}

static bool
inside(const opening *o, uint64_t address, uint64_t size)
{
    return size <= o->span && address <= o->span - size;
}

/* The header, and the program headers behind it. */
static krait_status
read_head(opening *o)
{
    uint8_t head[sizeof(o->header) + sizeof(o->parts)];
    const Elf64_Ehdr *header = &o->header;
    ssize_t size = pread(o->fd, head, sizeof(head), 0);

    if (size < (ssize_t)sizeof(*header))
        return refuse(o, "it is too short");
    memcpy(&o->header, head, sizeof(*header));
    if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_ident[EI_CLASS] != ELFCLASS64 ||
        header->e_ident[EI_DATA] != ELFDATA2LSB || header->e_type != ET_DYN ||
        header->e_machine != MACHINE)
        return refuse(o, "it is no shared object of this machine");
    if (header->e_phentsize != sizeof(Elf64_Phdr) || header->e_phnum > KRAIT_LOADED_PARTS ||
        header->e_phoff > (uint64_t)size ||
        header->e_phnum * sizeof(Elf64_Phdr) > (uint64_t)size - header->e_phoff)
        return refuse(o, "its program headers are not where they should be");
    memcpy(o->parts, head + header->e_phoff, header->e_phnum * sizeof(Elf64_Phdr));
    return KRAIT_OK;
}

static krait_status
check_part(const opening *o, const Elf64_Phdr *part)
{
    if (part->p_type == PT_TLS || part->p_type == PT_INTERP)
        return refuse(o, "it has thread-local storage, or a loader of its own");
    if (part->p_type != PT_LOAD)
        return KRAIT_OK;
    if ((part->p_flags & (PF_W | PF_X)) == (PF_W | PF_X))
        return refuse(o, "it has code that can be written");
    if (part->p_filesz > part->p_memsz || part->p_offset > o->file_size ||
        part->p_filesz > o->file_size - part->p_offset || part->p_vaddr > UINT32_MAX ||
        part->p_memsz > UINT32_MAX || (part->p_vaddr - part->p_offset) % o->page != 0)
        return refuse(o, "a segment is not where it should be");
    return KRAIT_OK;
}

static uint64_t
round_up(const opening *o, uint64_t value)
{
    return (value + o->page - 1) & ~(o->page - 1);
}

static uint64_t
round_down(const opening *o, uint64_t value)
{
    return value & ~(o->page - 1);
}

static int
protection(const Elf64_Phdr *part)
{
    return ((part->p_flags & PF_R) != 0 ? PROT_READ : 0) |
           ((part->p_flags & PF_W) != 0 ? PROT_WRITE : 0) |
           ((part->p_flags & PF_X) != 0 ? PROT_EXEC : 0);
}

/* The file's bytes, and zeros behind them. */
static krait_status
map_part(const opening *o, const Elf64_Phdr *part)
{
    uint64_t begin = round_down(o, part->p_vaddr);
    uint64_t filled = part->p_vaddr + part->p_filesz;
    uint64_t file_end = part->p_filesz != 0 ? round_up(o, filled) : begin;
    uint64_t end = round_up(o, part->p_vaddr + part->p_memsz);

    if (file_end > begin &&
        mmap(o->base + begin, file_end - begin, protection(part), MAP_PRIVATE | MAP_FIXED, o->fd,
             (off_t)round_down(o, part->p_offset)) == MAP_FAILED)
        return krait__error_set(o->err, KRAIT_ENOMEM, errno, "cannot map '%s'", o->path);
    if (part->p_memsz > part->p_filesz && (part->p_flags & PF_W) != 0 && file_end > filled)
        memset(o->base + filled, 0, file_end - filled);
    if (end > file_end && mmap(o->base + file_end, end - file_end, protection(part),
                               MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
        return krait__error_set(o->err, KRAIT_ENOMEM, errno, "cannot map '%s'", o->path);
    return KRAIT_OK;
}

/* The first mapping takes the whole room, as the first segment's; the others go over it. */
static krait_status
map_parts(opening *o)
{
    krait_status status = KRAIT_OK;
    void *room;

    for (unsigned i = 0; i < o->header.e_phnum && status == KRAIT_OK; i++) {
        const Elf64_Phdr *part = &o->parts[i];

        status = check_part(o, part);
        if (status == KRAIT_OK && part->p_type == PT_LOAD &&
            round_up(o, part->p_vaddr + part->p_memsz) > o->span)
            o->span = round_up(o, part->p_vaddr + part->p_memsz);
    }
    if (status != KRAIT_OK)
        return status;
    if (o->span == 0)
        return refuse(o, "it has no segments");
    /* Of the file, so that the kernel aligns it for large pages. */
    room = mmap(NULL, o->span, PROT_NONE, MAP_PRIVATE, o->fd, 0);
    if (room == MAP_FAILED)
        return krait__error_set(o->err, KRAIT_ENOMEM, errno, "cannot map '%s'", o->path);
    o->base = room;
    for (unsigned i = 0; i < o->header.e_phnum && status == KRAIT_OK; i++) {
        if (o->parts[i].p_type == PT_LOAD)
            status = map_part(o, &o->parts[i]);
    }
    return status;
}

static const Elf64_Phdr *
find_part(const opening *o, uint32_t type)
{
    for (unsigned i = 0; i < o->header.e_phnum; i++) {
        if (o->parts[i].p_type == type)
            return &o->parts[i];
    }
    return NULL;
}

/* What of the dynamic section is used, by tag; larger tags are none of ours. */
typedef struct dynamic {
    uint64_t value[DT_NUM];
    uint64_t gnu_hash;
} dynamic;

static krait_status
read_dynamic(const opening *o, dynamic *d)
{
    static const uint8_t refused[] = {DT_INIT, DT_FINI,    DT_INIT_ARRAY,   DT_FINI_ARRAY,
                                      DT_REL,  DT_TEXTREL, DT_PREINIT_ARRAY};
    const Elf64_Phdr *part = find_part(o, PT_DYNAMIC);
    const Elf64_Dyn *entries;

    memset(d, 0, sizeof(*d));
    if (part == NULL || !inside(o, part->p_vaddr, part->p_memsz))
        return refuse(o, "it has no dynamic section");
    entries = (const Elf64_Dyn *)(const void *)(o->base + part->p_vaddr);
    for (uint64_t i = 0; i < part->p_memsz / sizeof(*entries) && entries[i].d_tag != DT_NULL; i++) {
        if (entries[i].d_tag >= 0 && entries[i].d_tag < DT_NUM)
            d->value[entries[i].d_tag] = entries[i].d_un.d_val;
        else if (entries[i].d_tag == DT_GNU_HASH)
            d->gnu_hash = entries[i].d_un.d_val;
    }
    for (size_t i = 0; i < sizeof(refused); i++) {
        if (d->value[refused[i]] != 0)
            return refuse(o, "it has constructors, or relocations of a kind that is not known");
    }
    /* DT_RELR, which older <elf.h> do not have. */
    for (uint64_t i = 0; i < part->p_memsz / sizeof(*entries) && entries[i].d_tag != DT_NULL; i++) {
        if (entries[i].d_tag == 36)
            return refuse(o, "it has relocations of a kind that is not known");
    }
    return KRAIT_OK;
}

/* How many symbols a GNU hash table knows: the last of the longest chain is the last of all. */
static uint64_t
count_hashed(const opening *o, uint64_t address)
{
    const uint32_t *head = (const uint32_t *)(const void *)(o->base + address);
    const uint32_t *buckets;
    const uint32_t *chains;
    uint64_t last = 0;

    if (!inside(o, address, 16) ||
        !inside(o, address + 16, (uint64_t)head[2] * 8 + (uint64_t)head[0] * 4))
        return 0;
    buckets = head + 4 + (size_t)head[2] * 2;
    chains = buckets + head[0];
    for (uint32_t i = 0; i < head[0]; i++) {
        if (buckets[i] > last)
            last = buckets[i];
    }
    if (last < head[1])
        return head[1];
    for (;; last++) {
        const uint32_t *at = chains + (last - head[1]);

        if (!inside(o, (uint64_t)((const uint8_t *)at - o->base), 4))
            return 0;
        if ((*at & 1) != 0)
            return last + 1;
    }
}

static krait_status
find_symbols(opening *o, const dynamic *d)
{
    uint64_t hash = d->value[DT_HASH];

    if (hash != 0 && inside(o, hash, 8))
        o->symbol_count = ((const uint32_t *)(const void *)(o->base + hash))[1];
    else if (d->gnu_hash != 0)
        o->symbol_count = count_hashed(o, d->gnu_hash);
    o->names_size = d->value[DT_STRSZ];
    if (o->symbol_count == 0 || d->value[DT_SYMENT] != sizeof(Elf64_Sym) ||
        o->symbol_count > o->span / sizeof(Elf64_Sym) ||
        !inside(o, d->value[DT_SYMTAB], o->symbol_count * sizeof(Elf64_Sym)) ||
        !inside(o, d->value[DT_STRTAB], o->names_size) || o->names_size == 0 ||
        o->base[d->value[DT_STRTAB] + o->names_size - 1] != 0)
        return refuse(o, "its symbols are not where they should be");
    o->symbols = (const Elf64_Sym *)(const void *)(o->base + d->value[DT_SYMTAB]);
    o->names = (const char *)o->base + d->value[DT_STRTAB];
    return KRAIT_OK;
}

static const char *
name_of(const opening *o, const Elf64_Sym *symbol)
{
    return symbol->st_name < o->names_size ? o->names + symbol->st_name : "";
}

/* The address that a symbol stands for. */
static krait_status
resolve(const opening *o, uint64_t index, uintptr_t *ret_address)
{
    const Elf64_Sym *symbol = &o->symbols[index];
    uintptr_t address;

    if (index >= o->symbol_count)
        return refuse(o, "a relocation names no symbol");
    if (symbol->st_shndx != SHN_UNDEF) {
        *ret_address = (uintptr_t)o->base + symbol->st_value;
        return KRAIT_OK;
    }
    address = krait__leaf_find(name_of(o, symbol));
    if (address == 0 && ELF64_ST_BIND(symbol->st_info) != STB_WEAK)
        return krait__error_set(o->err, KRAIT_EFORMAT, 0, "cannot load '%s': it needs '%s'",
                                o->path, name_of(o, symbol));
    *ret_address = address;
    return KRAIT_OK;
}

static krait_status
relocate(const opening *o, uint64_t table, uint64_t size)
{
    const Elf64_Rela *all = (const Elf64_Rela *)(const void *)(o->base + table);

    if (!inside(o, table, size))
        return refuse(o, "its relocations are not where they should be");
    for (uint64_t i = 0; i < size / sizeof(*all); i++) {
        const Elf64_Rela *one = &all[i];
        uint64_t type = ELF64_R_TYPE(one->r_info);
        uintptr_t value = (uintptr_t)o->base;
        krait_status status = KRAIT_OK;

        if (!inside(o, one->r_offset, sizeof(value)))
            return refuse(o, "a relocation is for no place in it");
        if (type == RELOC_DATA || type == RELOC_CALL || type == RELOC_WORD)
            status = resolve(o, ELF64_R_SYM(one->r_info), &value);
        else if (type != RELOC_RELATIVE)
            status = refuse(o, "it has relocations of a kind that is not known");
        if (status != KRAIT_OK)
            return status;
        value += (uintptr_t)one->r_addend;
        memcpy(o->base + one->r_offset, &value, sizeof(value));
    }
    return KRAIT_OK;
}

/* Nothing of it is written from here on. */
static krait_status
seal(const opening *o)
{
    const Elf64_Phdr *part = find_part(o, PT_GNU_RELRO);
    uint64_t begin = part != NULL ? round_down(o, part->p_vaddr) : 0;
    uint64_t end = part != NULL ? round_down(o, part->p_vaddr + part->p_memsz) : 0;

    if (end > begin &&
        (!inside(o, begin, end - begin) || mprotect(o->base + begin, end - begin, PROT_READ) != 0))
        return krait__error_set(o->err, KRAIT_EIO, errno, "cannot protect '%s'", o->path);
    return KRAIT_OK;
}

static krait_status
link_object(opening *o)
{
    dynamic d;
    krait_status status = read_dynamic(o, &d);

    if (status == KRAIT_OK)
        status = find_symbols(o, &d);
    if (status == KRAIT_OK)
        status = relocate(o, d.value[DT_RELA], d.value[DT_RELASZ]);
    if (status == KRAIT_OK)
        status = relocate(o, d.value[DT_JMPREL], d.value[DT_PLTRELSZ]);
    if (status == KRAIT_OK)
        status = seal(o);
    return status;
}

/* ---- the list for the unwinder -------------------------------------------------------------- */

static _Atomic(krait_loaded *) first_loaded;
static pthread_mutex_t loaded_lock = PTHREAD_MUTEX_INITIALIZER;

krait_loaded *
krait__loaded_first(void)
{
    return atomic_load_explicit(&first_loaded, memory_order_acquire);
}

/* An entry that nothing uses, or a new one in front of the others.  With the lock. */
static krait_loaded *
take_entry(void)
{
    krait_loaded *entry = krait__loaded_first();

    while (entry != NULL && atomic_load_explicit(&entry->begin, memory_order_relaxed) != 0)
        entry = entry->next;
    if (entry != NULL)
        return entry;
    entry = krait__calloc(1, sizeof(*entry));
    if (entry == NULL)
        return NULL;
    entry->next = krait__loaded_first();
    atomic_store_explicit(&first_loaded, entry, memory_order_release);
    return entry;
}

static krait_status
publish(const opening *o, krait_loaded **ret_entry)
{
    const Elf64_Phdr *table = find_part(o, PT_GNU_EH_FRAME);
    char *path = krait__strdup(o->path);
    krait_loaded *entry;

    if (path == NULL)
        return krait__error_nomem(o->err);
    pthread_mutex_lock(&loaded_lock);
    entry = take_entry();
    if (entry != NULL) {
        entry->size = o->span;
        entry->eh_frame_hdr = table != NULL ? (uintptr_t)o->base + table->p_vaddr : 0;
        entry->path = path;
        entry->part_count = o->header.e_phnum;
        memcpy(entry->parts, o->parts, sizeof(entry->parts));
        atomic_store_explicit(&entry->begin, (uintptr_t)o->base, memory_order_release);
    }
    pthread_mutex_unlock(&loaded_lock);
    if (entry == NULL) {
        krait__free(path);
        return krait__error_nomem(o->err);
    }
    *ret_entry = entry;
    return KRAIT_OK;
}

static void
fill(const opening *o, krait_object *object)
{
    object->base = (uintptr_t)o->base;
    for (unsigned i = 0; i < o->header.e_phnum; i++) {
        const Elf64_Phdr *part = &o->parts[i];

        if (part->p_type != PT_LOAD || (part->p_flags & PF_X) == 0)
            continue;
        object->code_begin = object->base + part->p_vaddr;
        object->code_end = object->code_begin + part->p_memsz;
    }
    for (uint64_t i = 1; i < o->symbol_count; i++) {
        if (o->symbols[i].st_shndx != SHN_UNDEF &&
            strcmp(name_of(o, &o->symbols[i]), KRAIT_MODULE_SYMBOL) == 0)
            object->symbol = o->base + o->symbols[i].st_value;
    }
}

krait_status
krait__object_open(int fd, const char *path, uint64_t size, krait_object *ret_object,
                   krait_error *err)
{
    opening o = {.path = path, .fd = fd, .file_size = size, .err = err};
    krait_loaded *entry = NULL;
    krait_status status;

    memset(ret_object, 0, sizeof(*ret_object));
    o.page = (uint64_t)sysconf(_SC_PAGESIZE);
    status = read_head(&o);
    if (status == KRAIT_OK)
        status = map_parts(&o);
    if (status == KRAIT_OK)
        status = link_object(&o);
    if (status == KRAIT_OK)
        status = publish(&o, &entry);
    if (status != KRAIT_OK) {
        if (o.base != NULL)
            munmap(o.base, o.span);
        return status;
    }
    ret_object->handle = entry;
    fill(&o, ret_object);
    return KRAIT_OK;
}

void
krait__object_close(krait_object *object)
{
    krait_loaded *entry = object->handle;

    if (entry == NULL)
        return;
    object->handle = NULL;
    munmap((void *)object->base, entry->size);
    pthread_mutex_lock(&loaded_lock);
    krait__free(entry->path);
    entry->path = NULL;
    atomic_store_explicit(&entry->begin, 0, memory_order_release);
    pthread_mutex_unlock(&loaded_lock);
}
