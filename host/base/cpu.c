/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See cpu.h.  x86-64: CPUID (Intel SDM volume 2), and whether the system saves the wide registers.
 * The compiler's own helper asks at the start of every process, which takes long in a virtual machine.
 * aarch64: the kernel's AT_HWCAP words.
 */
#include "base/cpu.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>
#if defined(__aarch64__)
#include <sys/auxv.h>
#elif defined(__x86_64__)
#include <cpuid.h>
#endif

/* X(bit, name, macro, leaf of CPUID, register, bit in it, what the system has to save) */
#define X86_SETS(X)                                                                                \
    X(0, "sse3", "__SSE3__", 1, ECX, 0, 0)                                                         \
    X(1, "ssse3", "__SSSE3__", 1, ECX, 9, 0)                                                       \
    X(2, "sse4_1", "__SSE4_1__", 1, ECX, 19, 0)                                                    \
    X(3, "sse4_2", "__SSE4_2__", 1, ECX, 20, 0)                                                    \
    X(4, "popcnt", "__POPCNT__", 1, ECX, 23, 0)                                                    \
    X(5, "avx", "__AVX__", 1, ECX, 28, YMM)                                                        \
    X(6, "avx2", "__AVX2__", 7, EBX, 5, YMM)                                                       \
    X(7, "fma", "__FMA__", 1, ECX, 12, YMM)                                                        \
    X(8, "bmi1", "__BMI__", 7, EBX, 3, 0)                                                          \
    X(9, "bmi2", "__BMI2__", 7, EBX, 8, 0)                                                         \
    X(10, "avx512f", "__AVX512F__", 7, EBX, 16, ZMM)                                               \
    X(11, "avx512bw", "__AVX512BW__", 7, EBX, 30, ZMM)                                             \
    X(12, "avx512cd", "__AVX512CD__", 7, EBX, 28, ZMM)                                             \
    X(13, "avx512dq", "__AVX512DQ__", 7, EBX, 17, ZMM)                                             \
    X(14, "avx512vl", "__AVX512VL__", 7, EBX, 31, ZMM)                                             \
    X(15, "avx512vbmi", "__AVX512VBMI__", 7, ECX, 1, ZMM)                                          \
    X(16, "avx512vbmi2", "__AVX512VBMI2__", 7, ECX, 6, ZMM)                                        \
    X(17, "avx512bitalg", "__AVX512BITALG__", 7, ECX, 12, ZMM)                                     \
    X(18, "avx512vpopcntdq", "__AVX512VPOPCNTDQ__", 7, ECX, 14, ZMM)                               \
    X(19, "gfni", "__GFNI__", 7, ECX, 8, 0)

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
#define X86_ENTRY(number, text, predefined, leaf, word, place, state)                              \
    {text, predefined, EM_X86_64, number},
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

#if defined(__x86_64__)
enum { EBX, ECX, WORDS };

/* Components of state in XCR0 (Intel SDM volume 1, 13.1): 128 bits and their upper halves; and the
 * rest of AVX-512. */
#define YMM 0x06u
#define ZMM 0xe6u

/* OSXSAVE in leaf 1, ECX: XGETBV may be asked what the system saves. */
#define OSXSAVE (1u << 27)

static uint64_t
saved_state(unsigned features)
{
    unsigned low = 0;
    unsigned high;

    if ((features & OSXSAVE) != 0)
        __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

static uint64_t
present(void)
{
    unsigned words[8][WORDS] = {{0}};
    uint64_t mask = 0;
    uint64_t saved;
    unsigned unused[2];

    (void)__get_cpuid(1, &unused[0], &words[1][EBX], &words[1][ECX], &unused[1]);
    (void)__get_cpuid_count(7, 0, &unused[0], &words[7][EBX], &words[7][ECX], &unused[1]);
    saved = saved_state(words[1][ECX]);
#define X86_TEST(number, text, predefined, leaf, word, place, state)                               \
    if ((words[leaf][word] >> (place) & 1u) != 0 && (saved & (state)) == (state))                  \
        mask |= UINT64_C(1) << (number);
    X86_SETS(X86_TEST)
    return mask;
}
#elif defined(__aarch64__)
static uint64_t
present(void)
{
    uint64_t mask = 0;

#define ARM_TEST(number, text, predefined, word, place)                                            \
    mask |= (uint64_t)((getauxval(word) >> place) & 1u) << number;
    ARM_SETS(ARM_TEST)
    return mask;
}
#else
static uint64_t
present(void)
{
    return 0;
}
#endif

uint64_t
krait__cpu_present(void)
{
    return present();
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
