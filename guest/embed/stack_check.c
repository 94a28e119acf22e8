/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Refuses to start Python in a module that was linked without the flags of its stack.
 *
 * With the linker's defaults the C stack is 64 KiB, and before LLVM 22 it lies above the
 * data and grows down into it: the first deep call overwrites objects, and what is seen is
 * a wrong result or a trap somewhere else. CPython's own build keeps the flags to itself
 * (LDFLAGS_NODIST), so whoever links the library by hand loses them. _PyRuntime_Initialize()
 * calls this before it does anything (recipes/libpython: the patch stack-check), whichever
 * function of Python was called first, and in a reactor, where no main() and not always a
 * constructor runs.
 *
 * The linker defines the symbols (wasm-ld 16 and newer, in the layout of WebAssembly's tool
 * conventions). Left out: the size of the engine's own stack, which a module cannot ask for.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#ifndef KRAIT_STACK_SIZE
#error "KRAIT_STACK_SIZE: the bytes that the .pc file asks for"
#endif

/* EX_CONFIG of sysexits.h: some engines take no status above 125. */
#define EXIT_REFUSED 78

#define TEXT_OF(number)  #number
#define TEXT_FOR(number) TEXT_OF(number)

/* Arrays without a size: the addresses of two of them may be the same. */
extern const char __stack_low[];
extern const char __stack_high[];
extern const char __global_base[];

void krait_stack_check(void);

/* No stdio: it would want more stack than there may be. Nobody is left to hear of a failure. */
static void
say(const char *text)
{
    ssize_t ignored = write(STDERR_FILENO, text, strlen(text));

    (void)ignored;
}

static void
say_number(size_t number)
{
    char digits[24];
    char *at = digits + sizeof(digits);

    *--at = '\0';
    do {
        *--at = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    say(at);
}

void
krait_stack_check(void)
{
    size_t size = (uintptr_t)__stack_high - (uintptr_t)__stack_low;
    int first = (uintptr_t)__stack_high <= (uintptr_t)__global_base;

    if (size >= KRAIT_STACK_SIZE && first) {
        return;
    }
    say("libpython: this module cannot run Python: it was linked with a stack of ");
    say_number(size);
    say(first ? " bytes" : " bytes above the data");
    say("; " TEXT_FOR(KRAIT_STACK_SIZE) " bytes below the data are needed.\n");
    say("libpython: link with -z stack-size=" TEXT_FOR(KRAIT_STACK_SIZE));
    say(" -Wl,--stack-first, as its .pc file says.\n");
    _exit(EXIT_REFUSED);
}
