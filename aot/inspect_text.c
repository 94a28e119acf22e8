/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names and types of a module as text.
 */
#include "aot/bytes.h"
#include "aot/inspect.h"

#include <krait/abi.h>

#include <stdio.h>

/* JSON (RFC 8259) wants UTF-8; only the name section may hold something else. */
static bool
must_escape(unsigned char c, bool json, bool is_utf8)
{
    if (c < 0x20 || c == 0x7f || c == '\\')
        return true;
    return json ? c == '"' || (c >= 0x80 && !is_utf8) : c >= 0x80;
}

void
krait__inspect_string(krait_text *text, bool json, const char *bytes, size_t size)
{
    bool is_utf8 = krait__utf8_valid((const uint8_t *)bytes, size);
    size_t i;

    if (json)
        krait__text_str(text, "\"");
    for (i = 0; i < size; i++) {
        unsigned char c = (unsigned char)bytes[i];

        /* C1, which some terminals obey: JSON has other characters beyond ASCII as they are. */
        if (json && is_utf8 && c == 0xc2 && (unsigned char)bytes[i + 1] < 0xa0)
            krait__text_fmt(text, "\\u%04x", (unsigned char)bytes[++i]);
        else if (!must_escape(c, json, is_utf8))
            krait__text_add(text, &bytes[i], 1);
        else if (json && (c == '"' || c == '\\'))
            krait__text_fmt(text, "\\%c", c);
        else
            krait__text_fmt(text, json ? "\\u%04x" : "\\%02x", c);
    }
    if (json)
        krait__text_str(text, "\"");
}

static void
write_types(krait_text *text, const krait_wasm_valtype *types, uint32_t count)
{
    uint32_t i;

    krait__text_str(text, "(");
    for (i = 0; i < count; i++) {
        krait__text_str(text, i != 0 ? ", " : "");
        krait__text_str(text, krait__wasm_type_name(types[i]));
    }
    krait__text_str(text, ")");
}

static void
write_limits(krait_text *text, const krait_wasm_limits *limits)
{
    krait__text_u64(text, limits->min);
    krait__text_str(text, "..");
    if (limits->max != UINT64_MAX)
        krait__text_u64(text, limits->max);
}

static void
write_func(krait_text *text, const krait_wasm_type *type)
{
    krait__text_str(text, "func ");
    write_types(text, type->params, type->param_count);
    if (type->result_count == 1)
        krait__text_fmt(text, " -> %s", krait__wasm_type_name(type->results[0]));
    else if (type->result_count > 1) {
        krait__text_str(text, " -> ");
        write_types(text, type->results, type->result_count);
    }
}

void
krait__inspect_type(krait_text *text, const krait_wasm_module *module, uint8_t kind, uint32_t index)
{
    switch (kind) {
    case KRAIT_KIND_FUNC:
        write_func(text, krait__wasm_func_type(module, index));
        break;
    case KRAIT_KIND_TABLE:
        krait__text_str(text, "table ");
        write_limits(text, &module->tables[index].limits);
        krait__text_fmt(text, " of %s", krait__wasm_type_name(module->tables[index].type));
        break;
    case KRAIT_KIND_MEMORY:
        krait__text_str(text, "memory ");
        write_limits(text, &module->memories[index].limits);
        krait__text_fmt(text, " pages%s",
                        module->memories[index].limits.is_shared ? " shared" : "");
        break;
    default:
        krait__text_fmt(text, "global %s%s", module->globals[index].is_mutable ? "mut " : "",
                        krait__wasm_type_name(module->globals[index].type));
        break;
    }
}

const char *
krait__inspect_kind(uint8_t kind)
{
    static const char *const names[] = {"func", "table", "memory", "global"};

    return kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "unknown";
}
