/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See cpu.h.  x86-64: the compiler's own CPUID helper, which also knows whether
 * the system saves the wide registers.  aarch64: the kernel's AT_HWCAP words.
 */
#include "base/cpu.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>
#if defined(__aarch64__)
#include <sys/auxv.h>
#endif

/* X(bit, name, macro, name for __builtin_cpu_supports) */
#define X86_SETS(X)                                                                                \
    X(0, "sse3", "__SSE3__", "sse3")                                                               \
    X(1, "ssse3", "__SSSE3__", "ssse3")                                                            \
    X(2, "sse4_1", "__SSE4_1__", "sse4.1")                                                         \
    X(3, "sse4_2", "__SSE4_2__", "sse4.2")                                                         \
    X(4, "popcnt", "__POPCNT__", "popcnt")                                                         \
    X(5, "avx", "__AVX__", "avx")                                                                  \
    X(6, "avx2", "__AVX2__", "avx2")                                                               \
    X(7, "fma", "__FMA__", "fma")                                                                  \
    X(8, "bmi1", "__BMI__", "bmi")                                                                 \
    X(9, "bmi2", "__BMI2__", "bmi2")                                                               \
    X(10, "avx512f", "__AVX512F__", "avx512f")                                                     \
    X(11, "avx512bw", "__AVX512BW__", "avx512bw")                                                  \
    X(12, "avx512cd", "__AVX512CD__", "avx512cd")                                                  \
    X(13, "avx512dq", "__AVX512DQ__", "avx512dq")                                                  \
    X(14, "avx512vl", "__AVX512VL__", "avx512vl")                                                  \
    X(15, "avx512vbmi", "__AVX512VBMI__", "avx512vbmi")                                            \
    X(16, "avx512vbmi2", "__AVX512VBMI2__", "avx512vbmi2")                                         \
    X(17, "avx512bitalg", "__AVX512BITALG__", "avx512bitalg")                                      \
    X(18, "avx512vpopcntdq", "__AVX512VPOPCNTDQ__", "avx512vpopcntdq")                             \
    X(19, "gfni", "__GFNI__", "gfni")

/* X(bit, name, macro, word of the auxiliary vector, bit in it) */
#define ARM_SETS(X)                                                                                \
    X(0, "atomics", "__ARM_FEATURE_ATOMICS", 16, 8)                                                \
    X(1, "crc32", "__ARM_FEATURE_CRC32", 16, 7)                                                    \
    X(2, "asimddp", "__ARM_FEATURE_DOTPROD", 16, 20)                                               \
    X(3, "asimdhp", "__ARM_FEATURE_FP16_VECTOR_ARITHMETIC", 16, 10)                                \
    X(4, "lrcpc", "__ARM_FEATURE_RCPC", 16, 15)                                                    \
    X(5, "sve", "__ARM_FEATURE_SVE", 16, 22)                                                       \
    X(6, "sve2", "__ARM_FEATURE_SVE2", 26, 1)                                                      \
    X(7, "bti", "__ARM_FEATURE_BTI_DEFAULT", 26, 17)

static const krait_cpu_set sets[] = {
#define X86_ENTRY(number, text, predefined, builtin)     {text, predefined, EM_X86_64, number},
#define ARM_ENTRY(number, text, predefined, word, place) {text, predefined, EM_AARCH64, number},
    X86_SETS(X86_ENTRY) ARM_SETS(ARM_ENTRY)
#undef X86_ENTRY
#undef ARM_ENTRY
};

const krait_cpu_set *
krait__cpu_sets(size_t *ret_count)
{
    *ret_count = sizeof(sets) / sizeof(sets[0]);
    return sets;
}

uint16_t
krait__cpu_machine(void)
{
#if defined(__x86_64__)
    return EM_X86_64;
#elif defined(__aarch64__)
    return EM_AARCH64;
#else
    return EM_NONE;
#endif
}

const char *
krait__cpu_machine_name(uint16_t machine)
{
    switch (machine) {
    case EM_X86_64:
        return "x86-64";
    case EM_AARCH64:
        return "aarch64";
    default:
        return "machine";
    }
}

uint64_t
krait__cpu_present(void)
{
    uint64_t mask = 0;

#if defined(__x86_64__)
#define X86_TEST(number, text, predefined, builtin)                                                \
    mask |= (uint64_t)(__builtin_cpu_supports(builtin) != 0) << number;
    __builtin_cpu_init();
    X86_SETS(X86_TEST)
#elif defined(__aarch64__)
#define ARM_TEST(number, text, predefined, word, place)                                            \
    mask |= (uint64_t)((getauxval(word) >> place) & 1u) << number;
    ARM_SETS(ARM_TEST)
#endif
    return mask;
}

void
krait__cpu_names(uint16_t machine, uint64_t mask, char *text, size_t size)
{
    size_t used = 0;
    size_t i;

    text[0] = '\0';
    for (i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
        int added;

        if (sets[i].machine != machine || (mask >> sets[i].bit & 1u) == 0)
            continue;
        added = snprintf(text + used, size - used, "%s%s", used != 0 ? " " : "", sets[i].name);
        if (added < 0 || (size_t)added >= size - used)
            return;
        used += (size_t)added;
    }
}
