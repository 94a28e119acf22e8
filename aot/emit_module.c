/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing the files of a module: see emit_module.h for which.
 */
#include "aot/emit_module.h"
#include "aot/limits.h"
#include "base/alloc.h"
#include "base/error.h"
#include "base/sha256.h"

#include <krait/abi.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Bytes of wasm code that make a part when nobody says how many parts. */
#define PART_BYTES (96u * 1024u)

/* A module below that is split, too, so that it is ready sooner where there are several
 * processors: a part costs little more than its share from this size on. */
#define SMALL_PART_BYTES (24u * 1024u)
#define SMALL_PARTS      4u

/* ---- parts ------------------------------------------------------------------------------ */

/* Compilers are not linear: a function of 64 KiB costs about twice its share. */
static uint64_t
cost_of(const krait_wasm_func *func)
{
    uint64_t size = func->size;

    return 48 + size + size * size / 65536;
}

static uint32_t
count_for(uint64_t bytes)
{
    uint64_t small = bytes / SMALL_PART_BYTES + 1;
    uint64_t count = bytes / PART_BYTES + 1;

    if (small > SMALL_PARTS)
        small = SMALL_PARTS;
    return (uint32_t)(count > small ? count : small);
}

krait_status
krait__parts_plan(const krait_wasm_module *module, uint32_t count, krait_parts *ret_parts,
                  krait_error *err)
{
    uint32_t functions = module->func_count - module->imported_funcs;
    uint64_t total = 0;
    uint64_t bytes = 0;
    uint64_t sum = 0;
    uint32_t at = module->imported_funcs;
    uint32_t i;
    krait_part *parts;

    for (i = at; i < module->func_count; i++) {
        total += cost_of(&module->funcs[i]);
        bytes += module->funcs[i].size;
    }
    if (count == 0)
        count = count_for(bytes);
    if (count > functions)
        count = functions;
    if (count > KRAIT_EMIT_MAX_PARTS)
        count = KRAIT_EMIT_MAX_PARTS;
    parts = krait__calloc(count, sizeof(*parts));
    if (parts == NULL)
        return krait__error_nomem(err);
    /* Neighbours stay together: they call each other most. */
    for (i = 0; i < count; i++) {
        uint64_t goal = total * (i + 1) / count;
        uint32_t must_leave = count - 1 - i;

        parts[i].first = at;
        do {
            parts[i].cost += cost_of(&module->funcs[at]);
            sum += cost_of(&module->funcs[at]);
            at++;
        } while (at < module->func_count - must_leave &&
                 (i + 1 == count || sum + cost_of(&module->funcs[at]) / 2 <= goal));
        parts[i].end = at;
    }
    ret_parts->parts = parts;
    ret_parts->count = count;
    ret_parts->c_bytes = 0;
    return KRAIT_OK;
}

/* ---- files ------------------------------------------------------------------------------ */

typedef struct output {
    const krait_plan *plan;
    int directory;
    uint64_t bytes;
    krait_error *err;
    krait_status status;
} output;

static bool
fail(output *out, krait_status status, int number, const char *what, const char *name)
{
    out->status = krait__error_set(out->err, status, number, "%s '%s'", what, name);
    return false;
}

static bool
write_all(int fd, const char *data, size_t size)
{
    while (size != 0) {
        ssize_t done = write(fd, data, size);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return false;
        data += done;
        size -= (size_t)done;
    }
    return true;
}

static bool
write_file(output *out, const char *name, const void *data, size_t size)
{
    int fd = openat(out->directory, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

    if (fd < 0)
        return fail(out, KRAIT_EIO, errno, "cannot create", name);
    if (!write_all(fd, data, size)) {
        int number = errno;

        close(fd);
        return fail(out, KRAIT_EIO, number, "cannot write", name);
    }
    if (close(fd) != 0)
        return fail(out, KRAIT_EIO, errno, "cannot write", name);
    out->bytes += size;
    if (out->bytes > KRAIT_EMIT_MAX_BYTES)
        return fail(out, KRAIT_ELIMIT, 0, "the translation is larger than supported, at", name);
    return true;
}

/* Writes a text and empties it; reports what happened to it before. */
static bool
write_text(output *out, const char *name, krait_text *text)
{
    if (text->no_memory) {
        out->status = krait__error_nomem(out->err);
        return false;
    }
    if (text->is_full)
        return fail(out, KRAIT_ELIMIT, 0, "the translation is larger than supported, at", name);
    if (!write_file(out, name, text->data, text->size))
        return false;
    text->size = 0;
    return true;
}

/* The data segments one after the other; they may be larger than a text. */
static bool
write_data(output *out)
{
    const krait_wasm_module *module = out->plan->module;
    int fd = openat(out->directory, "data.bin", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    bool ok = true;
    uint32_t i;

    if (fd < 0)
        return fail(out, KRAIT_EIO, errno, "cannot create", "data.bin");
    for (i = 0; ok && i < module->data_count; i++)
        ok = write_all(fd, (const char *)module->datas[i].bytes, module->datas[i].size);
    if (!ok)
        fail(out, KRAIT_EIO, errno, "cannot write", "data.bin");
    if (close(fd) != 0 && ok)
        ok = fail(out, KRAIT_EIO, errno, "cannot write", "data.bin");
    return ok;
}

/* ---- krait_module.h --------------------------------------------------------------------- */

static void
write_type(krait_text *text, const krait_wasm_type *type, uint8_t needs)
{
    uint32_t i;

    if ((needs & KRAIT_NEED_RESULT) != 0) {
        krait__text_str(text, "typedef struct{");
        for (i = 0; i < type->result_count; i++) {
            krait__text_str(text, krait__emit_c_type(type->results[i]));
            krait__text_fmt(text, " a%u;", i);
        }
        krait__text_fmt(text, "}r%u;\n", type->canonical);
    }
    if ((needs & KRAIT_NEED_POINTER) != 0) {
        krait__text_str(text, "typedef ");
        krait__emit_result_type(text, type);
        krait__text_fmt(text, "(*fn%u)(krait_ctx*", type->canonical);
        for (i = 0; i < type->param_count; i++) {
            krait__text_str(text, ",");
            krait__text_str(text, krait__emit_c_type(type->params[i]));
        }
        krait__text_str(text, ");\n");
    }
    krait__emit_tail_types(text, type, needs);
}

void
krait__emit_header(krait_text *text, const krait_plan *plan)
{
    uint32_t i;

    krait__text_str(text, "#pragma once\n");
    if ((plan->flags & KRAIT_MODULE_METERED) != 0)
        krait__text_str(text, "#define K_METERED 1\n");
    if ((plan->flags & KRAIT_MODULE_CHECKED) != 0)
        krait__text_str(text, "#define K_CHECKED 1\n");
    if (plan->is_threaded)
        krait__text_str(text, "#define K_THREADS 1\n");
    krait__text_str(text, "#include \"krait_prelude.h\"\n");
    if (plan->uses_atomics)
        krait__text_str(text, "#include \"krait_atomic.h\"\n");
    if (plan->uses_simd)
        krait__text_str(text, "#include \"krait_simd.h\"\n#include \"krait_simd_float.h\"\n");
    for (i = 0; i < plan->module->type_count; i++) {
        if (plan->type_needs[i] != 0)
            write_type(text, &plan->module->types[i], plan->type_needs[i]);
    }
    for (i = 0; i < plan->module->table_count; i++) {
        if (plan->tables[i].items != NULL)
            krait__text_fmt(text, "void k_slow%u(krait_ctx*,u32)__attribute__((noreturn,cold));\n",
                            i);
    }
    for (i = 0; i < plan->call_count; i++) {
        const krait_plan_call *call = &plan->calls[i];

        if (!plan->tables[call->table].is_private || call->count < 2)
            continue;
        krait__text_fmt(text, "extern const i32 T%u_%u[];\n", call->table, call->type);
        if (call->has_jumps)
            krait__text_fmt(text, "extern const i32 TT%u_%u[];\n", call->table, call->type);
    }
}

/* ---- module.c --------------------------------------------------------------------------- */

static const char module_start[] =
    "#include \"krait_module.h\"\n"
    "void k_trap(krait_ctx*ctx,u32 reason){ctx->runtime->trap(ctx,(krait_trap)reason);}\n"
    "void k_call_host(krait_ctx*ctx,const krait_import*im,krait_cell*cells){\n"
    "krait_thread*th=ctx->thread;krait_trap r;\n"
    "if(BAD((uintptr_t)__builtin_frame_address(0)<th->stack_limit))"
    "k_trap(ctx,KRAIT_TRAP_STACK);\n"
    "th->in_host=1;r=im->host(im->env,ctx,cells);th->in_host=0;\n"
    "if(BAD(r!=KRAIT_TRAP_NONE))k_trap(ctx,(u32)r);\n"
    "if(BAD(th->interrupted))ctx->runtime->interrupted(ctx);}\n";

/* A block that cannot be paid for has not begun: its cost is given back. */
static const char module_fuel[] = "void k_fuel(krait_ctx*ctx,i64 cost){ctx->fuel+=cost;"
                                  "k_trap(ctx,KRAIT_TRAP_FUEL);}\n";

static const char module_bounds[] =
    "u64 k_bounds(krait_ctx*ctx,u32 memory,u64 at,u32 width){\n"
    "u64 size=ctx->memories[memory]->size;\n"
    "if(at+width>size)ctx->runtime->out_of_bounds(ctx,memory,at);\nreturn size;}\n";

/* With K_WHOLE this is the only file to compile, for a module of one part. */
static const char module_end[] =
    "#ifdef K_WHOLE\n"
    "__asm__(\".pushsection .rodata\\n.include \\\"tables.S\\\"\\n.popsection\");\n"
    "#include \"part_000.c\"\n"
    "#endif\n";

static bool
write_module(output *out)
{
    const krait_wasm_module *module = out->plan->module;
    uint8_t sha256[KRAIT_SHA256_SIZE];
    krait_text text = {0};
    bool ok;

    krait__sha256(module->bytes, module->size, sha256);
    krait__text_str(&text, module_start);
    if ((out->plan->flags & KRAIT_MODULE_METERED) != 0)
        krait__text_str(&text, module_fuel);
    if ((out->plan->flags & KRAIT_MODULE_CHECKED) != 0)
        krait__text_str(&text, module_bounds);
    krait__emit_cpu(&text);
    krait__emit_imports(&text, out->plan);
    krait__emit_table_ends(&text, out->plan);
    krait__emit_invokes(&text, out->plan);
    if (out->plan->has_tails)
        krait__emit_tail_ends(&text, out->plan);
    krait__emit_description(&text, out->plan, sha256);
    krait__text_str(&text, module_end);
    ok = write_text(out, "module.c", &text);
    krait__text_release(&text);
    return ok;
}

/* ---- parts ------------------------------------------------------------------------------ */

static void
write_declaration(krait_text *text, const krait_plan *plan, uint32_t func, uint8_t called)
{
    if ((called & KRAIT_CALLED) != 0) {
        krait__emit_signature(text, plan, func, false);
        krait__text_str(text, ";\n");
    }
    if ((called & KRAIT_CALLED_TAIL) != 0) {
        krait__emit_signature(text, plan, func, true);
        krait__text_str(text, ";\n");
    }
}

/* Declarations of what the part calls, then the part itself. */
static bool
write_part(output *out, krait_emitter *e, const krait_part *part, uint32_t number)
{
    krait_text body = {0};
    krait_text text = {0};
    char name[32];
    bool ok = true;
    uint32_t i;

    e->out = &body;
    for (i = part->first; i < part->end && !e->no_memory; i++)
        krait__emit_function(e, i);
    krait__text_str(&text, "#include \"krait_module.h\"\n");
    for (i = 0; i < e->called_count; i++) {
        write_declaration(&text, out->plan, e->called[i], e->is_called[e->called[i]]);
        e->is_called[e->called[i]] = 0;
    }
    e->called_count = 0;
    krait__text_add(&text, body.data != NULL ? body.data : "", body.size);
    text.no_memory = text.no_memory || e->no_memory || body.no_memory || e->exprs.no_memory;
    text.is_full = text.is_full || body.is_full || e->exprs.is_full;
    krait__text_release(&body);
    snprintf(name, sizeof(name), "part_%03u.c", number);
    ok = write_text(out, name, &text);
    krait__text_release(&text);
    return ok;
}

static bool
write_parts(output *out, const krait_parts *parts)
{
    krait_emitter e;
    bool ok;
    uint32_t i;

    ok = krait__emitter_init(&e, out->plan);
    if (!ok)
        out->status = krait__error_nomem(out->err);
    for (i = 0; ok && i < parts->count; i++)
        ok = write_part(out, &e, &parts->parts[i], i);
    krait__emitter_release(&e);
    return ok;
}

static bool
write_preludes(output *out)
{
    if (!write_file(out, "krait_abi.h", krait__abi_text, krait__abi_text_size) ||
        !write_file(out, "krait_prelude.h", krait__prelude_text, krait__prelude_text_size))
        return false;
    if (out->plan->uses_atomics &&
        !write_file(out, "krait_atomic.h", krait__atomic_text, krait__atomic_text_size))
        return false;
    return !out->plan->uses_simd ||
           (write_file(out, "krait_simd.h", krait__simd_text, krait__simd_text_size) &&
            write_file(out, "krait_simd_float.h", krait__simd_float_text,
                       krait__simd_float_text_size));
}

krait_status
krait__emit_module(const krait_plan *plan, krait_parts *parts, int directory, krait_error *err)
{
    output out = {.plan = plan, .directory = directory, .err = err};
    krait_text header = {0};
    krait_text tables = {0};
    krait_text jumps = {0};

    krait__emit_header(&header, plan);
    krait__emit_tables(&tables, plan);
    krait__emit_jumps(&jumps, plan);
    if (write_preludes(&out) && write_text(&out, "krait_module.h", &header) &&
        write_text(&out, "tables.S", &tables) &&
        (jumps.size == 0 || write_text(&out, "jumps.S", &jumps)) && write_data(&out) &&
        write_module(&out) && write_parts(&out, parts))
        parts->c_bytes = out.bytes;
    krait__text_release(&header);
    krait__text_release(&tables);
    krait__text_release(&jumps);
    return out.status;
}
