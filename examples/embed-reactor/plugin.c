/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plug-in: no main(), no C library, two functions of the host's, and one that the host calls.
 * plugin.wasm is made of it with any clang that knows WebAssembly:
 *
 *     clang --target=wasm32 -nostdlib -O2 -Wl,--no-entry plugin.c -o plugin.wasm
 */
#define IMPORT(name) __attribute__((import_module("host"), import_name(name)))
#define EXPORT(name) __attribute__((export_name(name)))
#define ROOM         4096u

/* Copies the text to `to`, at most `room` bytes; how long it is. */
IMPORT("text") unsigned text(char *to, unsigned room);
/* Says something. */
IMPORT("say") void say(const char *bytes, unsigned size);

static char buffer[ROOM];
static unsigned calls;

static int
is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

EXPORT("words") unsigned words(void);
EXPORT("calls") unsigned count_calls(void);
EXPORT("misbehave") void misbehave(unsigned how);

/* Counts the words of the text, and names the longest. */
unsigned
words(void)
{
    const unsigned size = text(buffer, ROOM);
    unsigned longest = 0;
    unsigned longest_size = 0;
    unsigned count = 0;

    calls++;
    for (unsigned at = 0; at < size && at < ROOM;) {
        const unsigned begin = at;

        while (at < size && at < ROOM && is_letter(buffer[at]))
            at++;
        if (at - begin > longest_size) {
            longest = begin;
            longest_size = at - begin;
        }
        count += at > begin;
        at += at == begin;
    }
    say(buffer + longest, longest_size);
    return count;
}

unsigned
count_calls(void)
{
    return calls;
}

/* What a plug-in may do that nobody wants. */
void
misbehave(unsigned how)
{
    volatile char *far_away = (volatile char *)0x7fffffff;

    if (how == 0)
        *far_away = 1;
    else if (how == 1)
        say(buffer, 0xffffffffu);
    else
        for (;;)
            calls++;
}
