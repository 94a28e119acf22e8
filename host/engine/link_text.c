/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Imports and exports as text for messages: "env.log: func (i32, i32) -> f64".  Names are the
 * module's and may hold anything; what is not printable ASCII is shown as \xx.
 */
#include "engine/link.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

typedef struct line {
    char *text;
    size_t size;
    size_t used;
} line;

static void add(line *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void
add(line *out, const char *fmt, ...)
{
    va_list args;
    int added;

    va_start(args, fmt);
    added = vsnprintf(out->text + out->used, out->size - out->used, fmt, args);
    va_end(args);
    if (added > 0)
        out->used += (size_t)added < out->size - out->used ? (size_t)added
                                                           : out->size - out->used - 1;
}

static void
add_name(line *out, const char *name, uint32_t size)
{
    uint32_t i;

    for (i = 0; i < size; i++) {
        unsigned char c = (unsigned char)name[i];

        if (c >= 0x20 && c < 0x7f && c != '\\')
            add(out, "%c", c);
        else
            add(out, "\\%02x", c);
    }
}

static const char *
type_name(uint8_t type)
{
    switch (type) {
    case KRAIT_I32:
        return "i32";
    case KRAIT_I64:
        return "i64";
    case KRAIT_F32:
        return "f32";
    case KRAIT_F64:
        return "f64";
    case KRAIT_V128:
        return "v128";
    case KRAIT_FUNCREF:
        return "funcref";
    case KRAIT_EXTERNREF:
        return "externref";
    default:
        return "unknown";
    }
}

static void
add_types(line *out, const uint8_t *types, uint32_t count)
{
    uint32_t i;

    add(out, "(");
    for (i = 0; i < count; i++)
        add(out, "%s%s", i != 0 ? ", " : "", type_name(types[i]));
    add(out, ")");
}

static void
add_function(line *out, const krait_type_desc *type)
{
    add(out, "func ");
    add_types(out, type->params, type->param_count);
    if (type->result_count == 1)
        add(out, " -> %s", type_name(type->results[0]));
    else if (type->result_count > 1) {
        add(out, " -> ");
        add_types(out, type->results, type->result_count);
    }
}

static void
add_limits(line *out, const krait_limits_desc *limits)
{
    add(out, "%" PRIu64 "..", limits->min);
    if (limits->max != UINT64_MAX)
        add(out, "%" PRIu64, limits->max);
    if (limits->shared != 0)
        add(out, " shared");
}

void
krait__import_text(const krait_module_desc *desc, const krait_import_desc *import, char *text,
                   size_t size)
{
    line out = {text, size, 0};

    text[0] = '\0';
    add_name(&out, import->module, import->module_size);
    add(&out, ".");
    add_name(&out, import->name, import->name_size);
    add(&out, ": ");
    switch (import->kind) {
    case KRAIT_KIND_FUNC:
        add_function(&out, &desc->types[import->type]);
        break;
    case KRAIT_KIND_TABLE:
        add(&out, "table ");
        add_limits(&out, &import->limits);
        add(&out, " of %s", type_name(import->limits.type));
        break;
    case KRAIT_KIND_MEMORY:
        add(&out, "memory ");
        add_limits(&out, &import->limits);
        add(&out, " pages");
        break;
    default:
        add(&out, "global %s%s", import->is_mutable != 0 ? "mut " : "",
            type_name(import->value_type));
        break;
    }
}

void
krait__export_text(const krait_module_desc *desc, const krait_export_desc *export, char *text,
                   size_t size)
{
    static const char *const kinds[] = {"func", "table", "memory", "global"};
    line out = {text, size, 0};

    text[0] = '\0';
    add_name(&out, export->name, export->name_size);
    add(&out, ": ");
    if (export->kind == KRAIT_KIND_FUNC)
        add_function(&out, &desc->types[desc->funcs[export->index].type]);
    else
        add(&out, "%s", kinds[export->kind & 3]);
}
