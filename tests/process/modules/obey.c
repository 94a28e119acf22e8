/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A module that does what its document says: each line is a command with arguments.  So one module
 * shows what every kind of document, good and hostile, can make a module do.
 *
 *   call NAME            a row (NAME, number of the call) in the table "calls"
 *   rows N               N rows in "numbers"
 *   table NAME JSON      define_table; the code is printed
 *   row NAME JSON        insert_row; the code is printed
 *   child NAME TEXT...   sub-content; "|" in the text is a newline
 *   slice OFF SIZE NAME  sub-content of the document
 *   nest N               sub-content that says "nest N-1"
 *   flood N              N children of one byte
 *   swell N SIZE         N children of so many bytes
 *   big SIZE             a row with a text of so many bytes
 *   out TEXT / err TEXT  and "outs N" a megabyte N times
 *   write PATH TEXT      a file
 *   fail N, trap, loop, recurse, grow, exit N, badptr, insist
 *   describe             the description as a row of "described"
 */
#include "guest.h"

static u8 document[1 << 20];
static char room[1 << 20];
static u32 calls;

static const char calls_columns[] =
    "[{\"name\":\"name\",\"data_type\":\"String\"},{\"name\":\"call\",\"data_type\":\"Int64\"}]";
static const char number_columns[] = "[{\"name\":\"n\",\"data_type\":\"Int64\"}]";
static const char text_columns[] = "[{\"name\":\"text\",\"data_type\":\"String\"}]";

typedef struct words {
    const char *at;
    const char *end;
} words;

static text
word(words *line)
{
    text w;

    while (line->at < line->end && *line->at == ' ')
        line->at++;
    w.at = (char *)line->at;
    while (line->at < line->end && *line->at != ' ')
        line->at++;
    w.size = (u32)(line->at - w.at);
    return w;
}

static text
rest(words *line)
{
    text w;

    while (line->at < line->end && *line->at == ' ')
        line->at++;
    w.at = (char *)line->at;
    w.size = (u32)(line->end - line->at);
    line->at = line->end;
    return w;
}

static u64
number(words *line)
{
    text w = word(line);
    u64 n = 0;

    for (u32 i = 0; i < w.size; i++)
        n = n * 10 + (u64)(w.at[i] - '0');
    return n;
}

static int
is(text w, const char *name)
{
    if (w.size != length(name))
        return 0;
    for (u32 i = 0; i < w.size; i++) {
        if (w.at[i] != name[i])
            return 0;
    }
    return 1;
}

static void
say_code(int code)
{
    text t = {room, 0};

    if (code < 0) {
        put(&t, "-");
        code = -code;
    }
    put_number(&t, (u64)code);
    put(&t, "\n");
    print(1, t.at, t.size);
}

static int
do_call(words *line)
{
    text name = word(line);
    text t = {room, 0};

    define_table("calls", 5, calls_columns, sizeof(calls_columns) - 1);
    put(&t, "[{\"String\":\"");
    for (u32 i = 0; i < name.size; i++)
        t.at[t.size++] = name.at[i];
    put(&t, "\"},{\"Int64\":");
    put_number(&t, calls);
    put(&t, "}]");
    return insert_row("calls", 5, t.at, t.size) != 0;
}

static int
do_rows(u64 count)
{
    define_table("numbers", 7, number_columns, sizeof(number_columns) - 1);
    for (u64 i = 0; i < count; i++) {
        text t = {room, 0};

        put(&t, "[{\"Int64\":");
        put_number(&t, i);
        put(&t, "}]");
        if (insert_row("numbers", 7, t.at, t.size) != 0)
            return 1;
    }
    return 0;
}

static int
do_children(u64 count, u64 size)
{
    for (u64 i = 0; i < count; i++) {
        text t = {room, 0};

        put(&t, "c");
        put_number(&t, i);
        /* Whatever lies in memory from here on. */
        if (emit_bytes(document, (u32)size, t.at, t.size) != 0)
            return 1;
    }
    return 0;
}

static int
do_nest(u64 depth)
{
    text t = {room, 0};

    if (depth == 0)
        return 0;
    put(&t, "nest ");
    put_number(&t, depth - 1);
    return emit_bytes(t.at, t.size, "nested", 6) != 0;
}

static int
do_big(u64 size)
{
    static const char head[] = "[{\"String\":\"";
    u32 pages = (u32)(size / 65536 + 2);
    u32 at = (u32)__builtin_wasm_memory_grow(0, pages);
    text t;

    if (at == (u32)-1)
        return 3;
    t = (text){(char *)(at * 65536u), 0};
    define_table("texts", 5, text_columns, sizeof(text_columns) - 1);
    put(&t, head);
    __builtin_memset(t.at + t.size, 'x', (u32)size);
    t.size += (u32)size;
    put(&t, "\"}]");
    return insert_row("texts", 5, t.at, t.size) != 0;
}

static int
do_describe(void)
{
    static u8 description[8192];
    int size = read_file("data.json", description, sizeof(description));
    text t = {room, 0};

    if (size < 0)
        return 4;
    define_table("described", 9, text_columns, sizeof(text_columns) - 1);
    put(&t, "[{\"String\":\"");
    for (int i = 0; i < size; i++) {
        if (description[i] == '"' || description[i] == '\\')
            t.at[t.size++] = '\\';
        t.at[t.size++] = (char)description[i];
    }
    put(&t, "\"}]");
    return insert_row("described", 9, t.at, t.size) != 0;
}

static volatile u32 sink;

static u32
recurse(u32 n)
{
    volatile u32 frame[64];

    frame[n & 63] = n;
    return recurse(n + 1) + frame[(n + 1) & 63];
}

static int
do_write(words *line)
{
    text path = word(line);
    text contents = rest(line);

    for (u32 i = 0; i < path.size; i++)
        room[i] = path.at[i];
    room[path.size] = '\0';
    say_code(write_file(room, contents.at, contents.size));
    return 0;
}

static int
do_child(words *line)
{
    text name = word(line);
    text contents = rest(line);

    for (u32 i = 0; i < contents.size; i++)
        room[i] = contents.at[i] == '|' ? '\n' : contents.at[i];
    return emit_bytes(room, contents.size, name.at, name.size) != 0;
}

static int
do_text(text command, words *line)
{
    text a = word(line);
    text b = rest(line);

    if (is(command, "table"))
        say_code(define_table(a.at, a.size, b.at, b.size));
    else
        say_code(insert_row(a.at, a.size, b.at, b.size));
    return 0;
}

static int
do_slice(words *line)
{
    u32 offset = (u32)number(line);
    u32 size = (u32)number(line);
    text name = rest(line);

    say_code(emit_slice(offset, size, name.at, name.size));
    return 0;
}

static int
do_bad(text command, words *line)
{
    if (is(command, "trap"))
        __builtin_trap();
    if (is(command, "loop")) {
        for (;;)
            sink++;
    }
    if (is(command, "recurse"))
        sink = recurse(0);
    if (is(command, "exit"))
        wasi_exit((u32)number(line));
    if (is(command, "grow")) {
        while (__builtin_wasm_memory_grow(0, 16) != (u32)-1)
            continue;
        __builtin_trap();
    }
    if (is(command, "badptr")) {
        say_code(define_table((void *)0xfffffff0u, 100, text_columns, sizeof(text_columns) - 1));
        say_code(define_table("t", 1, (void *)0x7fffffffu, 0xffffffffu));
        say_code(insert_row((void *)0xffffffffu, 1, "[]", 2));
        say_code(emit_bytes((void *)0x10000u, 0xffffffffu, "x", 1));
        say_code(emit_bytes("x", 1, (void *)0xffffff00u, 256));
        say_code(emit_slice(0xffffffffu, 0xffffffffu, "x", 1));
    }
    if (is(command, "insist")) {
        do_rows(~0ull);
        for (;;)
            sink = (u32)insert_row("numbers", 7, "[{\"Int64\":1}]", 13);
    }
    return is(command, "fail") ? (int)number(line) : 0;
}

static int
do_output(text command, words *line)
{
    text t = rest(line);

    if (is(command, "outs")) {
        words count = {t.at, t.at + t.size};
        u64 n = number(&count);

        __builtin_memset(room, 'o', sizeof(room));
        while (n-- > 0)
            print(1, room, sizeof(room));
        return 0;
    }
    print(is(command, "out") ? 1 : 2, t.at, t.size);
    print(is(command, "out") ? 1 : 2, "\n", 1);
    return 0;
}

static int
obey(words *line)
{
    text command = word(line);

    if (is(command, "call"))
        return do_call(line);
    if (is(command, "rows"))
        return do_rows(number(line));
    if (is(command, "table") || is(command, "row"))
        return do_text(command, line);
    if (is(command, "child"))
        return do_child(line);
    if (is(command, "slice"))
        return do_slice(line);
    if (is(command, "nest"))
        return do_nest(number(line));
    if (is(command, "flood"))
        return do_children(number(line), 1);
    if (is(command, "swell")) {
        u64 count = number(line);

        return do_children(count, number(line));
    }
    if (is(command, "big"))
        return do_big(number(line));
    if (is(command, "out") || is(command, "err") || is(command, "outs"))
        return do_output(command, line);
    if (is(command, "write"))
        return do_write(line);
    if (is(command, "describe"))
        return do_describe();
    return do_bad(command, line);
}

EXPORT("process")
int
process(void)
{
    int size = read_file("data.bin", document, sizeof(document));
    const char *at = (const char *)document;
    const char *end = at + (size > 0 ? size : 0);

    calls++;
    if (size < 0)
        return 100 - size;
    while (at < end) {
        words line = {at, at};
        int status;

        while (line.end < end && *line.end != '\n')
            line.end++;
        at = line.end + 1;
        status = obey(&line);
        if (status != 0)
            return status;
    }
    return 0;
}
