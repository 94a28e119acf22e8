/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan and the emitter: which tables are private, where globals live, the
 * names and the shape of the C, and that its size stays bounded.
 */
#include "aot/emit_module.h"
#include "aot/limits.h"
#include "aot/reader.h"
#include "aot/validate.h"
#include "support/check.h"
#include "wasm_bytes.h"

#include <krait/abi.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- helpers ---------------------------------------------------------------------------- */

typedef struct planned {
    krait_wasm_module module;
    krait_plan plan;
} planned;

static bool
plan_bytes(const wasm_bytes *bytes, planned *ret)
{
    krait_error error = {0};

    memset(ret, 0, sizeof(*ret));
    if (krait__wasm_read(bytes->data, bytes->size, &ret->module, &error) != KRAIT_OK ||
        krait__wasm_validate(&ret->module, &error) != KRAIT_OK ||
        krait__plan_make(&ret->module, &ret->plan, &error) != KRAIT_OK) {
        printf("    %s\n", error.text);
        return false;
    }
    return true;
}

static void
release(planned *p)
{
    krait__plan_release(&p->plan);
    krait__wasm_module_release(&p->module);
}

/* The C of one function, terminated; the caller frees it. */
static char *
emit_one(planned *p, uint32_t func)
{
    krait_text out = {0};
    krait_emitter e;

    CHECK(krait__emitter_init(&e, &p->plan));
    e.out = &out;
    krait__emit_function(&e, func);
    krait__text_add(&out, "", 1);
    krait__emitter_release(&e);
    return out.data;
}

/* A module with one function of type (i32 i32) -> i32, a memory, a mutable global, and this body. */
static char *
emit_body(const char *body, size_t size, bool is_shared)
{
    wasm_bytes bytes = {0};
    wasm_bytes code = {0};
    planned p;
    char *text = NULL;

    bytes_header(&bytes);
    BYTES_SECTION(&bytes, 1, "\1\x60\2\x7f\x7f\1\x7f");
    BYTES_SECTION(&bytes, 3, "\1\0");
    if (is_shared)
        BYTES_SECTION(&bytes, 5, "\1\3\1\1");
    else
        BYTES_SECTION(&bytes, 5, "\1\0\1");
    BYTES_SECTION(&bytes, 6, "\1\x7f\1\x41\0\x0b");
    bytes_u8(&code, 1);
    bytes_body(&code, body, size);
    bytes_section(&bytes, 10, &code);
    if (CHECK(plan_bytes(&bytes, &p)))
        text = emit_one(&p, 0);
    release(&p);
    bytes_release(&bytes);
    return text;
}

#define CHECK_BODY(body, wanted) CHECK_BODY_OF(body, false, wanted)

#define CHECK_BODY_OF(body, is_shared, wanted)                                                     \
    do {                                                                                           \
        char *text_ = emit_body(body, sizeof(body) - 1, is_shared);                                \
        CHECK_STR(text_, wanted);                                                                  \
        free(text_);                                                                               \
    } while (0)

/* ---- the shape of functions ------------------------------------------------------------- */

static void
folds_expressions(void)
{
    /* (l0 + 5) * l1 */
    CHECK_BODY("\0\x20\0\x41\5\x6a\x20\1\x6c\x0b",
               "u32 w_f0(krait_ctx*ctx,u32 l0,u32 l1){\nreturn ((l0+5u)*l1);\n}\n");
    /* a local that changes is read before */
    CHECK_BODY("\0\x20\0\x41\7\x21\0\x20\0\x6b\x0b",
               "u32 w_f0(krait_ctx*ctx,u32 l0,u32 l1){\nu32 t0=l0;\nl0=7u;\nreturn (t0-l0);\n}\n");
}

static void
writes_loads_at_once(void)
{
    CHECK_BODY("\0\x20\0\x28\2\x10\x0b", "u32 w_f0(krait_ctx*ctx,u32 l0,u32 l1){\n"
                                         "u8*const m0=ctx->memory_base;\n"
                                         "u32 t0=L4(0,l0,16u);USE(t0);\nreturn t0;\n}\n");
    /* straight into the local that it is for, and used there even if dropped */
    CHECK_BODY("\0\x20\0\x28\2\0\x21\1\x20\1\x0b",
               "u32 w_f0(krait_ctx*ctx,u32 l0,u32 l1){\nu8*const m0=ctx->memory_base;\n"
               "l1=L4(0,l0,0u);USE(l1);\nreturn l1;\n}\n");
    CHECK_BODY("\0\x20\0\x28\2\0\x1a\x20\1\x0b",
               "u32 w_f0(krait_ctx*ctx,u32 l0,u32 l1){\nu8*const m0=ctx->memory_base;\n"
               "u32 t0=L4(0,l0,0u);USE(t0);\nreturn l1;\n}\n");
}

/* What is checked and then used goes through a variable that is not loaded again, and so does
 * what other threads may write. */
static void
holds_what_is_checked(void)
{
    CHECK_BODY("\0\2\x40\x20\0\x0e\0\0\x0b\x20\1\x0b",
               "u32 w_f0(krait_ctx*ctx,u32 l0,u32 l1){\nu32 t0=l0;\nHOLD(t0);\n"
               "switch(t0){\ndefault:goto L1;}\nL1:;\nreturn l1;\n}\n");
    CHECK_BODY("\0\x23\0\x0b",
               "u32 w_f0(krait_ctx*ctx,u32 l0,u32 l1){\nu32 t0=ctx->globals[0].i32;\n"
               "return t0;\n}\n");
    CHECK_BODY_OF("\0\x23\0\x0b", true,
                  "u32 w_f0(krait_ctx*ctx,u32 l0,u32 l1){\nu32 t0=ctx->globals[0].i32;KEEP(t0);\n"
                  "return t0;\n}\n");
    CHECK_BODY_OF("\0\x20\0\x28\2\0\x0b", true,
                  "u32 w_f0(krait_ctx*ctx,u32 l0,u32 l1){\nu8*const m0=ctx->memory_base;\n"
                  "u32 t0=L4(0,l0,0u);KEEP(t0);\nreturn t0;\n}\n");
}

/* A label is there when something jumps to it, and only then. */
static void
writes_labels_that_are_used(void)
{
    CHECK_BODY("\0\2\x40\x0b\3\x40\x0b\x20\0\x0b",
               "u32 w_f0(krait_ctx*ctx,u32 l0,u32 l1){\n    \nreturn l0;\n}\n");
    CHECK_BODY("\0\2\x40\x20\0\x0d\0\x41\1\x0f\x0b\x20\1\x0b",
               "u32 w_f0(krait_ctx*ctx,u32 l0,u32 l1){\nif(l0)goto L1;\nreturn 1u;\nL1:;\n"
               "return l1;\n}\n");
}

static void
leaves_out_what_is_unreachable(void)
{
    CHECK_BODY("\0\x20\0\x0f\2\x40\x41\1\x1a\x0b\x20\1\x6a\x0b",
               "u32 w_f0(krait_ctx*ctx,u32 l0,u32 l1){\nreturn l0;\n}\n");
}

/* No matter how an expression grows, no line of C becomes long. */
static void
bounds_expressions(void)
{
    wasm_bytes body = {0};
    size_t longest = 0;
    char *text;
    const char *line;
    int i;

    BYTES_LITERAL(&body, "\0\x20\0");
    for (i = 0; i < 10000; i++)
        BYTES_LITERAL(&body, "\x20\1\x6a\x20\0\x73");
    bytes_u8(&body, 0x0b);
    text = emit_body((const char *)body.data, body.size, false);
    REQUIRE(text != NULL);
    for (line = text; line != NULL && *line != '\0'; line = strchr(line, '\n')) {
        size_t size;

        line += *line == '\n';
        size = strcspn(line, "\n");
        longest = size > longest ? size : longest;
    }
    CHECK(longest < 400);
    CHECK(strlen(text) < 10000 * 40);
    free(text);
    bytes_release(&body);
}

/* Locals that are read late and set often must not make it quadratic: here
 * 50,000 entries wait on the stack while 50,000 locals are set. */
static void
spills_in_linear_time(void)
{
    wasm_bytes body = {0};
    char *text;
    uint32_t i;

    BYTES_LITERAL(&body, "\1\xc0\x84\3\x7f");
    for (i = 2; i < 49000; i++) {
        bytes_u8(&body, 0x20);
        bytes_u32(&body, i);
    }
    for (i = 2; i < 49000; i++) {
        BYTES_LITERAL(&body, "\x41\1\x21");
        bytes_u32(&body, i);
    }
    for (i = 2; i < 48999; i++)
        bytes_u8(&body, 0x6a);
    bytes_u8(&body, 0x0b);
    text = emit_body((const char *)body.data, body.size, false);
    REQUIRE(text != NULL);
    CHECK(strlen(text) < 49000 * 100);
    free(text);
    bytes_release(&body);
}

/* ---- the plan --------------------------------------------------------------------------- */

/* One table with one element segment, one call_indirect; then `more`. */
static void
table_module(wasm_bytes *bytes, const char *exports, size_t exports_size, const char *offset,
             size_t offset_size, const char *body, size_t body_size)
{
    wasm_bytes contents = {0};

    bytes_header(bytes);
    BYTES_SECTION(bytes, 1, "\1\x60\0\0");
    BYTES_SECTION(bytes, 2, "\1\1m\1g\3\x7f\0");
    BYTES_SECTION(bytes, 3, "\1\0");
    BYTES_SECTION(bytes, 4, "\1\x70\0\4");
    bytes_raw_section(bytes, 7, exports, exports_size);
    BYTES_LITERAL(&contents, "\1\0");
    bytes_add(&contents, offset, offset_size);
    BYTES_LITERAL(&contents, "\x0b\1\0");
    bytes_section(bytes, 9, &contents);
    bytes_u8(&contents, 1);
    bytes_body(&contents, body, body_size);
    bytes_section(bytes, 10, &contents);
}

#define CALL "\0\x41\0\x11\0\0"

static bool
is_private(const char *exports, size_t exports_size, const char *offset, size_t offset_size,
           const char *body, size_t body_size)
{
    wasm_bytes bytes = {0};
    planned p;
    bool result = false;

    table_module(&bytes, exports, exports_size, offset, offset_size, body, body_size);
    if (CHECK(plan_bytes(&bytes, &p)))
        result = p.plan.tables[0].is_private;
    release(&p);
    bytes_release(&bytes);
    return result;
}

#define IS_PRIVATE(exports, offset, body)                                                          \
    is_private(exports, sizeof(exports) - 1, offset, sizeof(offset) - 1, body, sizeof(body) - 1)

/* Everything that can see or change a table from outside of the code's static
 * tables takes its privacy away. */
static void
knows_private_tables(void)
{
    CHECK(IS_PRIVATE("\0", "\x41\0", CALL "\x0b"));
    CHECK(IS_PRIVATE("\0", "\x41\3", CALL "\x0b"));
    CHECK(IS_PRIVATE("\0", "\x41\0", CALL "\xfc\x10\0\x1a\x0b"));
    CHECK(IS_PRIVATE("\0", "\x41\0", CALL "\xfc\x0d\0\x0b"));
    CHECK(!IS_PRIVATE("\1\1t\1\0", "\x41\0", CALL "\x0b"));
    CHECK(!IS_PRIVATE("\0", "\x41\4", CALL "\x0b"));
    CHECK(!IS_PRIVATE("\0", "\x41\x7f", CALL "\x0b"));
    CHECK(!IS_PRIVATE("\0", "\x23\0", CALL "\x0b"));
    CHECK(!IS_PRIVATE("\0", "\x41\0", CALL "\x41\0\x25\0\x1a\x0b"));
    CHECK(!IS_PRIVATE("\0", "\x41\0", CALL "\x41\0\xd0\x70\x26\0\x0b"));
    CHECK(!IS_PRIVATE("\0", "\x41\0", CALL "\xd0\x70\x41\1\xfc\x0f\0\x1a\x0b"));
    CHECK(!IS_PRIVATE("\0", "\x41\0", CALL "\x41\0\xd0\x70\x41\1\xfc\x11\0\x0b"));
    CHECK(!IS_PRIVATE("\0", "\x41\0", CALL "\x41\0\x41\0\x41\0\xfc\x0c\0\0\x0b"));
    CHECK(!IS_PRIVATE("\0", "\x41\0", CALL "\x41\0\x41\0\x41\0\xfc\x0e\0\0\x0b"));
    /* also when the instruction can never run */
    CHECK(!IS_PRIVATE("\0", "\x41\0", CALL "\0\x41\0\x25\0\x1a\x0b"));
}

static void
calls_private_tables_by_offset(void)
{
    wasm_bytes bytes = {0};
    wasm_bytes code = {0};
    planned p;
    krait_text tables = {0};
    char *text;

    bytes_header(&bytes);
    BYTES_SECTION(&bytes, 1, "\2\x60\0\0\x60\0\1\x7f");
    BYTES_SECTION(&bytes, 3, "\2\0\1");
    BYTES_SECTION(&bytes, 4, "\1\x70\0\x08");
    BYTES_SECTION(&bytes, 9, "\1\0\x41\2\x0b\4\0\1\1\0");
    bytes_u8(&code, 2);
    BYTES_BODY(&code, "\0\x41\0\x11\0\0\x0b");
    BYTES_BODY(&code, "\0\x41\7\x0b");
    bytes_section(&bytes, 10, &code);
    REQUIRE(plan_bytes(&bytes, &p));
    text = emit_one(&p, 0);
    /* the window begins at 0 although the first function is at 2 */
    CHECK_HAS(text, "if(BAD(0u>=6u))k_slow0(ctx,0u);\n");
    CHECK_HAS(text, "((fn0)((const char*)T0_0+T0_0[0u]))(ctx);");
    krait__emit_tables(&tables, &p.plan);
    krait__text_add(&tables, "", 1);
    CHECK_HAS(tables.data, "T0_0:\n.rept 2\n.long k_null0-T0_0\n.endr\n.long w_f0-T0_0\n"
                           ".rept 2\n.long k_mismatch0-T0_0\n.endr\n.long w_f0-T0_0\n");
    CHECK_UINT(p.plan.elem_count, 0);
    free(text);
    krait__text_release(&tables);
    release(&p);
    bytes_release(&bytes);
}

/* The only function of its type needs no table. */
static void
calls_single_functions_directly(void)
{
    wasm_bytes bytes = {0};
    planned p;
    char *text;

    table_module(&bytes, "\0", 1, "\x41\2", 2, CALL "\x0b", sizeof(CALL));
    REQUIRE(plan_bytes(&bytes, &p));
    text = emit_one(&p, 0);
    CHECK_HAS(text, "if(BAD(0u-2u>=1u))k_slow0(ctx,0u);\nw_f0(ctx);");
    free(text);
    release(&p);
    bytes_release(&bytes);
}

static void
places_globals(void)
{
    wasm_bytes bytes = {0};
    planned p;

    bytes_header(&bytes);
    BYTES_SECTION(&bytes, 2, "\1\1m\1g\3\x7f\1");
    BYTES_SECTION(&bytes, 6,
                  "\4\x7f\1\x41\1\x0b\x7f\0\x41\2\x0b\x7e\1\x42\3\x0b\x70\0\xd0\x70\x0b");
    BYTES_SECTION(&bytes, 0, "\4name\7\x23\2\1\x0f__stack_pointer\3\x0f__stack_pointer");
    REQUIRE(plan_bytes(&bytes, &p));
    CHECK_INT(p.plan.globals[0].place, KRAIT_PLACE_IMPORT);
    CHECK_INT(p.plan.globals[1].place, KRAIT_PLACE_THREAD);
    CHECK_INT(p.plan.globals[2].place, KRAIT_PLACE_LITERAL);
    /* an i64 of that name is not one that threads have */
    CHECK_INT(p.plan.globals[3].place, KRAIT_PLACE_SLOT);
    CHECK_INT(p.plan.globals[4].place, KRAIT_PLACE_SLOT);
    release(&p);
    bytes_release(&bytes);
}

/* Names become identifiers, and never two the same. */
static void
makes_unique_names(void)
{
    static const char *const given[] = {"a.b", "a_b", "a_b__1", "a_b__01", "int", "a$b", ""};
    static const char *const wanted[] = {"w_a_b", "w_a_b__1", "w_a_b__1__2", "w_a_b__01__3",
                                         "w_int", "w_a_b__5", "w_f6"};
    wasm_bytes bytes = {0};
    wasm_bytes contents = {0};
    wasm_bytes map = {0};
    planned p;
    uint32_t i;

    bytes_header(&bytes);
    BYTES_SECTION(&bytes, 1, "\1\x60\0\0");
    BYTES_SECTION(&bytes, 3, "\7\0\0\0\0\0\0\0");
    bytes_u8(&contents, 7);
    for (i = 0; i < 7; i++)
        BYTES_BODY(&contents, "\0\x0b");
    bytes_section(&bytes, 10, &contents);
    bytes_u8(&map, 7);
    for (i = 0; i < 7; i++) {
        bytes_u8(&map, i);
        bytes_name(&map, given[i]);
    }
    bytes_name(&contents, "name");
    bytes_section(&contents, 1, &map);
    bytes_section(&bytes, 0, &contents);
    REQUIRE(plan_bytes(&bytes, &p));
    for (i = 0; i < 7; i++)
        CHECK_STR(krait__plan_name(&p.plan, i), wanted[i]);
    release(&p);
    bytes_release(&bytes);
}

/* ---- whole modules ---------------------------------------------------------------------- */

/* The last of five functions has more than ten instructions. */
static void
isolate(const planned *p, krait_parts *parts)
{
    krait_error error = {0};
    uint32_t i;

    REQUIRE(krait__parts_isolate(&p->plan, 10, parts, &error) == KRAIT_OK);
    krait__parts_describe(&p->plan, parts);
    CHECK_UINT(parts->parts[0].first, 0);
    for (i = 0; i < parts->count; i++) {
        const krait_part *part = &parts->parts[i];

        CHECK_UINT(part->first, i == 0 ? 0 : parts->parts[i - 1].end);
        CHECK(part->end > part->first);
        CHECK_INT(part->is_plain, part->first == 4);
        CHECK(part->largest >= part->first && part->largest < part->end);
    }
    CHECK_UINT(parts->parts[parts->count - 1].first, 4);
    CHECK_UINT(parts->parts[parts->count - 1].end, 5);
}

static void
spreads_functions(void)
{
    wasm_bytes bytes = {0};
    wasm_bytes contents = {0};
    planned p;
    krait_parts parts;
    krait_error error = {0};
    uint32_t count;
    uint32_t i;

    bytes_header(&bytes);
    BYTES_SECTION(&bytes, 1, "\1\x60\0\0");
    BYTES_SECTION(&bytes, 3, "\5\0\0\0\0\0");
    bytes_u8(&contents, 5);
    for (i = 0; i < 4; i++)
        BYTES_BODY(&contents, "\0\x0b");
    BYTES_BODY(&contents, "\0\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\x0b");
    bytes_section(&bytes, 10, &contents);
    REQUIRE(plan_bytes(&bytes, &p));
    for (count = 1; count <= 9; count++) {
        REQUIRE(krait__parts_plan(&p.module, count, &parts, &error) == KRAIT_OK);
        CHECK_UINT(parts.count, count < 5 ? count : 5);
        CHECK_UINT(parts.parts[0].first, 0);
        for (i = 1; i < parts.count; i++)
            CHECK_UINT(parts.parts[i].first, parts.parts[i - 1].end);
        CHECK_UINT(parts.parts[parts.count - 1].end, 5);
        isolate(&p, &parts);
        free(parts.parts);
    }
    CHECK_INT(krait__parts_refuse_large(&p.plan, 33, &error), KRAIT_OK);
    CHECK_INT(krait__parts_refuse_large(&p.plan, 32, &error), KRAIT_ELIMIT);
    CHECK_STR(error.text, "offset 0x26, code section, function 4: 33 instructions; at most 32 are "
                          "supported in one function");
    release(&p);
    bytes_release(&bytes);
}

static void
remove_files(const char *path)
{
    DIR *directory = opendir(path);
    const struct dirent *entry;

    while (directory != NULL && (entry = readdir(directory)) != NULL)
        (void)unlinkat(dirfd(directory), entry->d_name, 0);
    if (directory != NULL)
        closedir(directory);
    (void)rmdir(path);
}

/* Calls with a thousand arguments, results passed on: little wasm, much C. */
static void
bounds_the_output(void)
{
    wasm_bytes bytes = {0};
    wasm_bytes contents = {0};
    krait_error error = {0};
    char directory[] = "/tmp/krait-test.XXXXXX";
    krait_parts parts;
    planned p;
    int fd;
    uint32_t i;

    bytes_header(&bytes);
    BYTES_LITERAL(&contents, "\1\x60");
    bytes_u32(&contents, 1000);
    for (i = 0; i < 1000; i++)
        bytes_u8(&contents, KRAIT_I64);
    bytes_u32(&contents, 1000);
    for (i = 0; i < 1000; i++)
        bytes_u8(&contents, KRAIT_I64);
    bytes_section(&bytes, 1, &contents);
    BYTES_SECTION(&bytes, 3, "\1\0");
    bytes_u8(&contents, 1);
    bytes_u32(&contents, 1 + 2000 + 2 * 20000 + 1);
    bytes_u8(&contents, 0);
    for (i = 0; i < 1000; i++)
        BYTES_LITERAL(&contents, "\x42\1");
    for (i = 0; i < 20000; i++)
        BYTES_LITERAL(&contents, "\x10\0");
    bytes_u8(&contents, 0x0b);
    bytes_section(&bytes, 10, &contents);
    REQUIRE(plan_bytes(&bytes, &p));
    REQUIRE(krait__parts_plan(&p.module, 1, &parts, &error) == KRAIT_OK);
    REQUIRE(mkdtemp(directory) != NULL);
    fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK_INT(krait__emit_module(&p.plan, &parts, fd, &error), KRAIT_ELIMIT);
    CHECK_HAS(error.text, "larger than supported");
    close(fd);
    remove_files(directory);
    free(parts.parts);
    release(&p);
    bytes_release(&bytes);
}

CHECK_MAIN(CHECK_CASE(folds_expressions), CHECK_CASE(writes_loads_at_once),
           CHECK_CASE(holds_what_is_checked), CHECK_CASE(writes_labels_that_are_used),
           CHECK_CASE(leaves_out_what_is_unreachable), CHECK_CASE(bounds_expressions),
           CHECK_CASE(spills_in_linear_time), CHECK_CASE(knows_private_tables),
           CHECK_CASE(calls_private_tables_by_offset), CHECK_CASE(calls_single_functions_directly),
           CHECK_CASE(places_globals), CHECK_CASE(makes_unique_names),
           CHECK_CASE(spreads_functions), CHECK_CASE(bounds_the_output))
