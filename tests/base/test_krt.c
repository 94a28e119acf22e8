/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seal of .krt files: what is whole passes, every cut and every changed byte
 * of what is covered is noticed, other engines and processors are named.
 */
#include "base/alloc.h"
#include "base/cpu.h"
#include "base/krt.h"
#include "support/check.h"

#include <krait/abi.h>

#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { DATA_AT = 256, DATA_SIZE = 300, CODE_AT = 556, OBJECT_SIZE = 700 };

static const char text[] = "compiler: some\nflags: none\n";

/* Headers, a segment of data, a segment of code. */
static void
make_object(uint8_t object[OBJECT_SIZE])
{
    Elf64_Ehdr header = {.e_type = ET_DYN, .e_phnum = 3, .e_phentsize = sizeof(Elf64_Phdr)};
    Elf64_Phdr segments[3] = {
        {.p_type = PT_LOAD, .p_flags = PF_R, .p_filesz = sizeof(header) + sizeof(segments)},
        {.p_type = PT_LOAD, .p_flags = PF_R, .p_offset = DATA_AT, .p_filesz = DATA_SIZE},
        {.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_offset = CODE_AT, .p_filesz = 100}};
    unsigned i;

    memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_machine = krait__cpu_machine();
    header.e_phoff = sizeof(header);
    for (i = 0; i < OBJECT_SIZE; i++)
        object[i] = (uint8_t)(i * 7);
    memcpy(object, &header, sizeof(header));
    memcpy(object + sizeof(header), segments, sizeof(segments));
}

typedef struct sealed {
    uint8_t object[OBJECT_SIZE];
    krait_krt_seal seal;
    int fd;
} sealed;

static void
put(sealed *s, const krait_krt_seal *seal)
{
    size_t length = sizeof(text) - 1;

    REQUIRE(ftruncate(s->fd, 0) == 0);
    REQUIRE(pwrite(s->fd, s->object, OBJECT_SIZE, 0) == OBJECT_SIZE);
    REQUIRE(pwrite(s->fd, text, length, OBJECT_SIZE) == (ssize_t)length);
    REQUIRE(pwrite(s->fd, seal, sizeof(*seal), (off_t)(OBJECT_SIZE + length)) ==
            (ssize_t)sizeof(*seal));
}

static void
sealed_open(sealed *s)
{
    char path[] = "/tmp/krait-test-krt.XXXXXX";
    krait_error err = {.text = ""};

    memset(s, 0, sizeof(*s));
    make_object(s->object);
    s->seal.cpu = 0;
    memset(s->seal.wasm_sha256, 0x5a, sizeof(s->seal.wasm_sha256));
    CHECK_INT(krait__krt_seal(&s->seal, s->object, OBJECT_SIZE, text, &err), KRAIT_OK);
    s->fd = mkostemp(path, O_CLOEXEC);
    REQUIRE(s->fd >= 0);
    unlink(path);
    put(s, &s->seal);
}

static krait_status
verdict(const sealed *s, krait_error *err)
{
    krait_krt_seal seal;
    krait_status status = krait__krt_read(s->fd, "x.krt", &seal, NULL, err);

    return status == KRAIT_OK ? krait__krt_check(s->fd, "x.krt", &seal, err) : status;
}

static void
whole(void)
{
    krait_error err = {.text = ""};
    krait_krt_seal seal;
    char *found = NULL;
    sealed s;

    sealed_open(&s);
    CHECK_INT(krait__krt_read(s.fd, "x.krt", &seal, &found, &err), KRAIT_OK);
    CHECK_STR(found, text);
    krait__free(found);
    CHECK_INT(memcmp(&seal, &s.seal, sizeof(seal)), 0);
    CHECK(seal.ranges[1].offset == DATA_AT);
    CHECK(seal.ranges[2].size == 0);
    CHECK_INT(krait__krt_check(s.fd, "x.krt", &seal, &err), KRAIT_OK);
    CHECK_INT(krait__krt_check_whole(s.fd, "x.krt", &seal, &err), KRAIT_OK);
    close(s.fd);
}

static void
cuts(void)
{
    krait_error err = {.text = ""};
    sealed s;
    off_t size;

    sealed_open(&s);
    size = lseek(s.fd, 0, SEEK_END);
    while (size-- > 0) {
        REQUIRE(ftruncate(s.fd, size) == 0);
        CHECK_INT(verdict(&s, &err), KRAIT_EFORMAT);
    }
    put(&s, &s.seal);
    REQUIRE(pwrite(s.fd, "x", 1, lseek(s.fd, 0, SEEK_END)) == 1);
    CHECK_INT(verdict(&s, &err), KRAIT_EFORMAT);
    CHECK_STR(err.text, "'x.krt' is not a translated module, or its end is missing");
    close(s.fd);
}

static void
changed_bytes(void)
{
    krait_error err = {.text = ""};
    krait_krt_seal seal;
    sealed s;
    off_t size;
    off_t at;

    sealed_open(&s);
    size = lseek(s.fd, 0, SEEK_END);
    for (at = 0; at < size; at++) {
        bool covered = at < CODE_AT - 1 || at >= OBJECT_SIZE;
        uint8_t byte;

        /* Between the headers and the data nothing is loaded. */
        if (at >= (off_t)(sizeof(Elf64_Ehdr) + 3 * sizeof(Elf64_Phdr)) && at < DATA_AT)
            covered = false;
        REQUIRE(pread(s.fd, &byte, 1, at) == 1);
        byte ^= 0x10;
        REQUIRE(pwrite(s.fd, &byte, 1, at) == 1);
        if (covered)
            CHECK_INT(verdict(&s, &err), KRAIT_EFORMAT);
        else if (krait__krt_read(s.fd, "x.krt", &seal, NULL, &err) == KRAIT_OK)
            CHECK_INT(krait__krt_check_whole(s.fd, "x.krt", &seal, &err), KRAIT_EFORMAT);
        byte ^= 0x10;
        REQUIRE(pwrite(s.fd, &byte, 1, at) == 1);
    }
    CHECK_INT(verdict(&s, &err), KRAIT_OK);
    close(s.fd);
}

/* A seal that is whole but made elsewhere. */
static void
reseal(sealed *s, uint32_t abi, uint32_t revision, uint16_t machine, uint64_t cpu, krait_error *err)
{
    krait_krt_seal seal = s->seal;

    seal.cpu = cpu;
    ((Elf64_Ehdr *)(void *)s->object)->e_machine = machine;
    CHECK_INT(krait__krt_seal(&seal, s->object, OBJECT_SIZE, text, err), KRAIT_OK);
    put(s, &seal);
    CHECK_INT(krait__krt_read(s->fd, "x.krt", &seal, NULL, err), KRAIT_OK);
    seal.abi_version = abi;
    seal.revision = revision;
    CHECK_INT(krait__krt_check(s->fd, "x.krt", &seal, err), KRAIT_EFORMAT);
}

static void
other_machines(void)
{
    uint16_t machine = krait__cpu_machine();
    uint16_t other = machine == EM_X86_64 ? EM_AARCH64 : EM_X86_64;
    krait_error err = {.text = ""};
    char wanted[200];
    sealed s;

    sealed_open(&s);
    reseal(&s, KRAIT_ABI_VERSION + 1, KRAIT_TRANSLATOR_REVISION, machine, 0, &err);
    snprintf(wanted, sizeof(wanted),
             "'x.krt' was made for engine ABI %u, this is %u; translate it again",
             KRAIT_ABI_VERSION + 1, KRAIT_ABI_VERSION);
    CHECK_STR(err.text, wanted);
    reseal(&s, KRAIT_ABI_VERSION, KRAIT_TRANSLATOR_REVISION - 1, machine, 0, &err);
    snprintf(wanted, sizeof(wanted),
             "'x.krt' was made by revision %u of the translator, this is %u; translate it again",
             KRAIT_TRANSLATOR_REVISION - 1, KRAIT_TRANSLATOR_REVISION);
    CHECK_STR(err.text, wanted);
    reseal(&s, KRAIT_ABI_VERSION, KRAIT_TRANSLATOR_REVISION, other, 0, &err);
    snprintf(wanted, sizeof(wanted), "'x.krt' was made for %s, this is %s; translate it again",
             krait__cpu_machine_name(other), krait__cpu_machine_name(machine));
    CHECK_STR(err.text, wanted);
    reseal(&s, KRAIT_ABI_VERSION, KRAIT_TRANSLATOR_REVISION, machine, UINT64_C(1) << 63, &err);
    CHECK_STR(err.text, "'x.krt' was made for a processor with instructions of a later version of "
                        "krait, which this one lacks; translate it again");
    close(s.fd);
}

static void
sets(void)
{
    const krait_cpu_set *all;
    char names[256];
    size_t count;
    size_t i;

    all = krait__cpu_sets(&count);
    for (i = 0; i < count; i++) {
        krait__cpu_names(all[i].machine, UINT64_C(1) << all[i].bit, names, sizeof(names));
        CHECK_STR(names, all[i].name);
    }
    krait__cpu_names(EM_X86_64, 3, names, sizeof(names));
    CHECK_STR(names, "sse3 ssse3");
    krait__cpu_names(EM_X86_64, 3, names, 8);
    CHECK(strlen(names) < 8);
}

static void
no_object(void)
{
    krait_krt_seal seal = {.cpu = 0};
    krait_error err = {.text = ""};
    uint8_t object[OBJECT_SIZE];
    size_t size;

    make_object(object);
    for (size = 0; size < CODE_AT; size++)
        CHECK_INT(krait__krt_seal(&seal, object, size, text, &err), KRAIT_EFORMAT);
}

CHECK_MAIN(CHECK_CASE(whole), CHECK_CASE(cuts), CHECK_CASE(changed_bytes),
           CHECK_CASE(other_machines), CHECK_CASE(sets), CHECK_CASE(no_object))
