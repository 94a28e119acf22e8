/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is read of a .krt before it is loaded: the check of the linked object,
 * and the seal behind it, over any bytes.  A seal that is made for them must be
 * found again.
 */
#include "aot/elf_check.h"
#include "base/alloc.h"
#include "base/krt.h"
#include "fuzz.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void
put(int fd, const void *data, size_t size)
{
    FUZZ_REQUIRE(write(fd, data, size) == (ssize_t)size);
}

static bool
is_known(krait_status status, const krait_error *error)
{
    return status == KRAIT_OK || (status == KRAIT_EFORMAT && error->text[0] != '\0');
}

static void
read_back(int fd, bool is_sealed)
{
    krait_error error = {KRAIT_OK, 0, ""};
    krait_krt_seal seal;
    char *text = NULL;
    krait_status status = krait__krt_read(fd, "input", &seal, &text, &error);

    FUZZ_REQUIRE(is_known(status, &error));
    if (is_sealed)
        FUZZ_REQUIRE(status == KRAIT_OK && strcmp(text, "key: value\n") == 0);
    if (status == KRAIT_OK) {
        FUZZ_REQUIRE(is_known(krait__krt_check(fd, "input", &seal, &error), &error));
        status = krait__krt_check_whole(fd, "input", &seal, &error);
        FUZZ_REQUIRE(is_known(status, &error));
        FUZZ_REQUIRE(!is_sealed || status == KRAIT_OK);
    }
    krait__free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char text[] = "key: value\n";
    krait_error error = {KRAIT_OK, 0, ""};
    krait_krt_seal seal;
    uint64_t cpu;
    int fd = memfd_create("krait-fuzz", MFD_CLOEXEC);

    FUZZ_REQUIRE(fd >= 0);
    FUZZ_REQUIRE(is_known(krait__elf_check(data, size, &cpu, &error), &error));
    put(fd, data, size);
    read_back(fd, false);
    memset(&seal, 0, sizeof(seal));
    if (krait__krt_seal(&seal, data, size, text, &error) == KRAIT_OK) {
        put(fd, text, sizeof(text) - 1);
        put(fd, &seal, sizeof(seal));
        read_back(fd, true);
    }
    close(fd);
    return 0;
}
