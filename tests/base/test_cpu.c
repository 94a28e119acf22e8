/* SPDX-License-Identifier: Apache-2.0 */
/* What base/cpu.c says of this processor against what the compiler's helper says. */
#include "base/cpu.h"
#include "support/check.h"

#include <elf.h>
#include <string.h>

/* -1: this machine has no such helper, or it knows no such name. */
static int
wanted(const char *name)
{
#if defined(__x86_64__)
#define ASK(own, builtin)                                                                          \
    if (strcmp(name, own) == 0)                                                                    \
        return __builtin_cpu_supports(builtin) != 0;
    __builtin_cpu_init();
    ASK("sse3", "sse3")
    ASK("ssse3", "ssse3")
    ASK("sse4_1", "sse4.1")
    ASK("sse4_2", "sse4.2")
    ASK("popcnt", "popcnt")
    ASK("avx", "avx")
    ASK("avx2", "avx2")
    ASK("fma", "fma")
    ASK("bmi1", "bmi")
    ASK("bmi2", "bmi2")
    ASK("avx512f", "avx512f")
    ASK("avx512bw", "avx512bw")
    ASK("avx512cd", "avx512cd")
    ASK("avx512dq", "avx512dq")
    ASK("avx512vl", "avx512vl")
    ASK("avx512vbmi", "avx512vbmi")
    ASK("avx512vbmi2", "avx512vbmi2")
    ASK("avx512bitalg", "avx512bitalg")
    ASK("avx512vpopcntdq", "avx512vpopcntdq")
    ASK("gfni", "gfni")
#endif
    (void)name;
    return -1;
}

static void
present(void)
{
    const uint64_t mask = krait__cpu_present();
    size_t count;
    const krait_cpu_set *sets = krait__cpu_sets(&count);

    CHECK(count > 0);
    for (size_t i = 0; i < count; i++) {
        int helper;

        if (sets[i].machine != krait__cpu_machine())
            continue;
        helper = wanted(sets[i].name);
        CHECK(krait__cpu_machine() != EM_X86_64 || helper >= 0);
        if (helper >= 0)
            CHECK((int)(mask >> sets[i].bit & 1u) == helper);
    }
}

CHECK_MAIN(CHECK_CASE(present))
