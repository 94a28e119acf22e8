/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loader of the program in front: what it refuses, what modules may call, and its functions for
 * copying.  That modules work in it: engine.front-*, and every test of the program.
 */
#include "base/error.h"
#include "engine/object.h"
#include "front/leaf.h"
#include "front/loaded.h"
#include "support/check.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Without it there is nothing to test. */
#define NEED(condition)                                                                            \
    do {                                                                                           \
        if (!CHECK(condition))                                                                     \
            exit(1);                                                                               \
    } while (0)

typedef struct file {
    uint8_t *data;
    size_t size;
} file;

static file
read_file(const char *path)
{
    FILE *stream = fopen(path, "rb");
    file f = {malloc(1 << 22), 0};

    NEED(stream != NULL && f.data != NULL);
    f.size = fread(f.data, 1, 1 << 22, stream);
    fclose(stream);
    return f;
}

/* Opens the bytes as an object; the status. */
static krait_status
try_object(const file *f, krait_object *object, krait_error *err)
{
    int fd = memfd_create("object", MFD_CLOEXEC);
    krait_status status;

    NEED(fd >= 0 && write(fd, f->data, f->size) == (ssize_t)f->size);
    err->text[0] = '\0';
    status = krait__object_open(fd, "x.krt", f->size, object, err);
    close(fd);
    return status;
}

static Elf64_Ehdr *
header_of(const file *f)
{
    return (Elf64_Ehdr *)(void *)f->data;
}

static Elf64_Phdr *
part_of(const file *f, uint32_t type)
{
    Elf64_Phdr *parts = (Elf64_Phdr *)(void *)(f->data + header_of(f)->e_phoff);

    for (unsigned i = 0; i < header_of(f)->e_phnum; i++) {
        if (parts[i].p_type == type)
            return &parts[i];
    }
    return NULL;
}

static Elf64_Dyn *
dynamic_of(const file *f, int64_t tag)
{
    Elf64_Phdr *part = part_of(f, PT_DYNAMIC);
    Elf64_Dyn *entry = (Elf64_Dyn *)(void *)(f->data + part->p_offset);

    while (entry->d_tag != tag && entry->d_tag != DT_NULL)
        entry++;
    NEED(entry->d_tag == tag);
    return entry;
}

#define REFUSED(why)                                                                               \
    do {                                                                                           \
        krait_object refused_;                                                                     \
        krait_error error_;                                                                        \
        CHECK_INT(try_object(&f, &refused_, &error_), KRAIT_EFORMAT);                              \
        CHECK_STR(error_.text, "cannot load 'x.krt': " why);                                       \
        memcpy(f.data, good.data, f.size);                                                         \
    } while (0)

static void
refused(void)
{
    file good = read_file(KRAIT_TEST_MODULE);
    file f = {malloc(good.size), good.size};

    memcpy(f.data, good.data, f.size);
    header_of(&f)->e_machine = EM_S390;
    REFUSED("it is no shared object of this machine");
    header_of(&f)->e_phnum = KRAIT_LOADED_PARTS + 1;
    REFUSED("its program headers are not where they should be");
    part_of(&f, PT_GNU_STACK)->p_type = PT_TLS;
    REFUSED("it has thread-local storage, or a loader of its own");
    part_of(&f, PT_LOAD)->p_flags = PF_W | PF_X;
    REFUSED("it has code that can be written");
    part_of(&f, PT_LOAD)->p_offset += 8;
    REFUSED("a segment is not where it should be");
    part_of(&f, PT_DYNAMIC)->p_type = PT_NULL;
    REFUSED("it has no dynamic section");
    dynamic_of(&f, DT_STRSZ)->d_un.d_val = UINT64_MAX;
    REFUSED("its symbols are not where they should be");
    dynamic_of(&f, DT_RELASZ)->d_un.d_val = UINT32_MAX;
    REFUSED("its relocations are not where they should be");
    dynamic_of(&f, DT_RELACOUNT)->d_tag = DT_INIT_ARRAY;
    REFUSED("it has constructors, or relocations of a kind that is not known");
    f.size = 10;
    REFUSED("it is too short");
    free(f.data);
    free(good.data);
}

/* It is in the list for the unwinder while it is open; an entry is used again. */
static void
listed(void)
{
    file good = read_file(KRAIT_TEST_MODULE);
    const krait_loaded *entry;
    krait_object object;
    krait_error err;

    for (int round = 0; round < 3; round++) {
        REQUIRE(try_object(&good, &object, &err) == KRAIT_OK);
        entry = krait__loaded_first();
        REQUIRE(entry != NULL);
        CHECK(entry->next == NULL);
        CHECK(atomic_load(&entry->begin) == object.base);
        CHECK(entry->eh_frame_hdr > object.base);
        CHECK(object.code_begin >= object.base && object.code_end > object.code_begin);
        CHECK(object.symbol != NULL);
        krait__object_close(&object);
        CHECK(atomic_load(&entry->begin) == 0);
    }
    free(good.data);
}

/* All that the translator lets a module call is there: the list of aot/elf_check.c. */
static void
leaves(void)
{
    file source = read_file(KRAIT_TEST_SOURCE "/aot/elf_check.c");
    char *at = strstr((char *)source.data, "allowed_imports[] = {");
    unsigned count = 0;

    REQUIRE(at != NULL);
    while (*at != ';') {
        if (*at++ == '"') {
            char *end = strchr(at, '"');

            REQUIRE(end != NULL);
            *end = '\0';
            if (!CHECK(krait__leaf_find(at) != 0))
                printf("    %s\n", at);
            at = end + 1;
            count++;
        }
    }
    CHECK(count > 20);
    CHECK(krait__leaf_find("malloc") == 0);
    CHECK(((double (*)(double))krait__leaf_find("roundeven"))(2.5) == 2.0);
    free(source.data);
}

#ifdef __x86_64__
/* bytes_x86_64.c, compiled under other names. */
void *front_memcpy(void *to, const void *from, size_t size);
void *front_memmove(void *to, const void *from, size_t size);
void *front_memset(void *to, int byte, size_t size);

#define ROOM 9000

static void
check_move(size_t from, size_t to, size_t size)
{
    static uint8_t bytes[ROOM];
    bool good = true;

    for (size_t i = 0; i < ROOM; i++)
        bytes[i] = (uint8_t)(i * 7 + i / 251);
    CHECK(front_memmove(bytes + to, bytes + from, size) == bytes + to);
    for (size_t i = 0; i < ROOM; i++) {
        size_t was = i >= to && i - to < size ? i - to + from : i;

        good = good && bytes[i] == (uint8_t)(was * 7 + was / 251);
    }
    if (!CHECK(good))
        printf("    %zu bytes from %zu to %zu\n", size, from, to);
}

static void
copies(void)
{
    static const size_t sizes[] = {300, 511, 512, 1000, 4095, 4096, 4200};
    static uint8_t a[ROOM];
    static uint8_t b[ROOM];

    for (size_t size = 0; size < 270; size++) {
        for (size_t distance = 0; distance < 70; distance += distance < 20 ? 1 : 7) {
            check_move(100, 100 + distance, size);
            check_move(100, 100 - distance, size);
        }
    }
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        check_move(10, 33, sizes[i]);
        check_move(33, 10, sizes[i]);
        check_move(4201, 1, sizes[i]);
        check_move(1, 4201, sizes[i]);
    }
    for (size_t size = 0; size < 5000; size += size < 300 ? 1 : 97) {
        for (size_t i = 0; i < ROOM; i++)
            a[i] = (uint8_t)i;
        memset(b, 0xee, ROOM);
        CHECK(front_memcpy(b + 3, a + 5, size) == b + 3);
        CHECK(memcmp(b + 3, a + 5, size) == 0 && b[2] == 0xee && b[3 + size] == 0xee);
        memset(b, 0xee, ROOM);
        CHECK(front_memset(b + 1, 0x1a5, size) == b + 1);
        for (size_t i = 0; i < size; i++)
            REQUIRE(b[1 + i] == 0xa5);
        CHECK(b[0] == 0xee && b[1 + size] == 0xee);
    }
}
#else
static void
copies(void)
{
    CHECK(krait__leaf_find("memcpy") != 0); /* the C library's */
}
#endif

CHECK_MAIN(CHECK_CASE(refused), CHECK_CASE(listed), CHECK_CASE(leaves), CHECK_CASE(copies))
