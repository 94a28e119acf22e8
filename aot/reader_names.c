/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The name section (WebAssembly 2.0 section 7.4.1, and "global names" of the
 * extended-name-section proposal, which LLVM writes).  It is a comment: what is
 * wrong in it is skipped, and the names need not be UTF-8.
 */
#include "aot/reader.h"

enum { SUBSECTION_FUNCTIONS = 1, SUBSECTION_GLOBALS = 7 };

static krait_wasm_name
read_raw_name(krait_cursor *cursor)
{
    krait_wasm_name name;

    name.size = krait__cursor_u32(cursor);
    name.text = (const char *)krait__cursor_bytes(cursor, name.size);
    if (name.text == NULL)
        name.size = 0;
    return name;
}

static void
read_name_map(krait_cursor *cursor, krait_wasm_module *module, uint8_t subsection)
{
    uint32_t count = krait__cursor_u32(cursor);

    for (; count != 0 && !cursor->failed; count--) {
        uint32_t index = krait__cursor_u32(cursor);
        krait_wasm_name name = read_raw_name(cursor);

        if (cursor->failed)
            return;
        if (subsection == SUBSECTION_FUNCTIONS && index < module->func_count)
            module->funcs[index].name = name;
        if (subsection == SUBSECTION_GLOBALS && index < module->global_count)
            module->globals[index].name = name;
    }
}

void
krait__reader_names(const krait_cursor *cursor, krait_wasm_module *module)
{
    krait_cursor names = *cursor;

    names.err = NULL;
    while (!names.failed && names.at < names.end) {
        uint8_t id = krait__cursor_u8(&names);
        uint32_t size = krait__cursor_u32(&names);
        size_t start = names.at;
        krait_cursor inside = names;

        if (krait__cursor_bytes(&names, size) == NULL)
            return;
        inside.end = start + size;
        if (id == SUBSECTION_FUNCTIONS || id == SUBSECTION_GLOBALS)
            read_name_map(&inside, module, id);
    }
}
