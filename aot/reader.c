/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The module frame: magic, sections in order, and the sections that are plain
 * lists.  Types are in reader_types.c, segments in reader_segments.c, the name
 * section in reader_names.c.
 */
#include "aot/reader.h"
#include "aot/insn.h"
#include "aot/limits.h"
#include "base/alloc.h"
#include "base/error.h"

#include <krait/abi.h>

#include <string.h>

typedef enum section_id {
    SECTION_CUSTOM = 0,
    SECTION_TYPE = 1,
    SECTION_IMPORT = 2,
    SECTION_FUNCTION = 3,
    SECTION_TABLE = 4,
    SECTION_MEMORY = 5,
    SECTION_GLOBAL = 6,
    SECTION_EXPORT = 7,
    SECTION_START = 8,
    SECTION_ELEMENT = 9,
    SECTION_CODE = 10,
    SECTION_DATA = 11,
    SECTION_DATA_COUNT = 12,
    SECTION_TAG = 13
} section_id;

/* Place of a section among the others; a custom section may be anywhere. */
static unsigned
section_rank(uint8_t id)
{
    static const uint8_t ranks[] = {
        [SECTION_TYPE] = 1,    [SECTION_IMPORT] = 2, [SECTION_FUNCTION] = 3,    [SECTION_TABLE] = 4,
        [SECTION_MEMORY] = 5,  [SECTION_GLOBAL] = 6, [SECTION_EXPORT] = 7,      [SECTION_START] = 8,
        [SECTION_ELEMENT] = 9, [SECTION_CODE] = 11,  [SECTION_DATA_COUNT] = 10, [SECTION_DATA] = 12,
    };

    return ranks[id];
}

void *
krait__reader_array(krait_cursor *cursor, uint32_t count, size_t size)
{
    void *array;

    if (cursor->failed)
        return NULL;
    array = krait__calloc(count, size);
    if (array == NULL)
        krait__cursor_fail_at(cursor, cursor->at, KRAIT_ENOMEM, "out of memory");
    return array;
}

/* Appends `count` zeroed items behind the imported ones; false when that failed.
 * Imports come one by one, so a single item finds room in powers of two. */
static bool
extend(krait_cursor *cursor, void *array_pointer, uint32_t *total, uint32_t count, size_t size)
{
    bool has_room = count == 1 && (*total & (*total - 1)) != 0;
    size_t wanted = count == 1 && *total != 0 ? (size_t)*total * 2 : (size_t)*total + count;
    void *old;
    void *bigger;

    if (cursor->failed)
        return false;
    memcpy(&old, array_pointer, sizeof(old));
    bigger = has_room ? old : krait__realloc_array(old, wanted, size);
    if (bigger == NULL)
        return krait__cursor_fail_at(cursor, cursor->at, KRAIT_ENOMEM, "out of memory");
    memset((char *)bigger + (size_t)*total * size, 0, (size_t)count * size);
    memcpy(array_pointer, &bigger, sizeof(bigger));
    *total += count;
    return true;
}

static void
read_limits(krait_cursor *cursor, bool is_memory, krait_wasm_limits *limits)
{
    size_t start = cursor->at;
    uint8_t flags = krait__cursor_u8(cursor);

    if (flags >= 4 && flags <= 7)
        krait__cursor_fail_at(cursor, start, KRAIT_EUNSUPPORTED,
                              "limits flags 0x%02x are not supported (memory64)", flags);
    if (is_memory && flags >= 8 && flags <= 15)
        krait__cursor_fail_at(cursor, start, KRAIT_EUNSUPPORTED,
                              "limits flags 0x%02x are not supported (custom page sizes)", flags);
    if (flags > (is_memory ? 3 : 1))
        krait__cursor_fail_at(cursor, start, KRAIT_EFORMAT, "malformed limits flags 0x%02x", flags);
    limits->min = krait__cursor_u32(cursor);
    limits->max = (flags & 1) != 0 ? krait__cursor_u32(cursor) : UINT64_MAX;
    limits->is_shared = (flags & 2) != 0;
}

static void
read_table(krait_cursor *cursor, krait_wasm_table *table)
{
    size_t start;

    table->offset = start = cursor->at;
    if (start < cursor->end && cursor->data[start] == 0x40) {
        krait__cursor_fail_at(
            cursor, start, KRAIT_EUNSUPPORTED,
            "a table with initialiser is not supported (typed function references)");
        return;
    }
    table->type = krait__valtype_read(cursor, "reference type");
    if (!krait__wasm_is_reference(table->type))
        krait__cursor_fail_at(cursor, start, KRAIT_EFORMAT, "malformed reference type");
    read_limits(cursor, false, &table->limits);
}

static void
read_memory(krait_cursor *cursor, krait_wasm_memory *memory)
{
    memory->offset = cursor->at;
    read_limits(cursor, true, &memory->limits);
}

static void
read_global_type(krait_cursor *cursor, krait_wasm_global *global)
{
    size_t start;
    uint8_t mutability;

    global->type = krait__valtype_read(cursor, "value type");
    start = cursor->at;
    mutability = krait__cursor_u8(cursor);
    if (mutability > 1)
        krait__cursor_fail_at(cursor, start, KRAIT_EFORMAT, "malformed mutability");
    global->is_mutable = mutability == 1;
}

/* Puts the imported thing into its index space. */
static void
read_import_type(krait_cursor *cursor, krait_wasm_module *module, krait_wasm_import *import,
                 size_t start)
{
    switch (import->kind) {
    case KRAIT_KIND_FUNC:
        import->index = module->func_count;
        if (extend(cursor, &module->funcs, &module->func_count, 1, sizeof(*module->funcs)))
            module->funcs[import->index].type = krait__cursor_u32(cursor);
        break;
    case KRAIT_KIND_TABLE:
        import->index = module->table_count;
        if (extend(cursor, &module->tables, &module->table_count, 1, sizeof(*module->tables)))
            read_table(cursor, &module->tables[import->index]);
        break;
    case KRAIT_KIND_MEMORY:
        import->index = module->memory_count;
        if (extend(cursor, &module->memories, &module->memory_count, 1, sizeof(*module->memories)))
            read_memory(cursor, &module->memories[import->index]);
        break;
    case KRAIT_KIND_GLOBAL:
        import->index = module->global_count;
        if (extend(cursor, &module->globals, &module->global_count, 1, sizeof(*module->globals))) {
            module->globals[import->index].is_imported = true;
            read_global_type(cursor, &module->globals[import->index]);
        }
        break;
    case 4:
        krait__cursor_fail_at(cursor, start, KRAIT_EUNSUPPORTED,
                              "an imported tag is not supported (exception handling)");
        break;
    case 0x20:
        krait__cursor_fail_at(cursor, start, KRAIT_EUNSUPPORTED,
                              "an import of an exact type is not supported (custom descriptors)");
        break;
    default:
        krait__cursor_fail_at(cursor, start, KRAIT_EFORMAT, "malformed import kind 0x%02x",
                              import->kind);
    }
}

static void
read_imports(krait_cursor *cursor, krait_wasm_module *module)
{
    uint32_t count = krait__cursor_count(cursor, KRAIT_WASM_MAX_IMPORTS, 4, "imports");
    uint32_t i;

    module->imports = krait__reader_array(cursor, count, sizeof(*module->imports));
    for (i = 0; i < count && !cursor->failed; i++) {
        krait_wasm_import *import = &module->imports[i];
        size_t start;

        import->offset = cursor->at;
        import->module = krait__cursor_name(cursor);
        import->name = krait__cursor_name(cursor);
        start = cursor->at;
        import->kind = krait__cursor_u8(cursor);
        if (!cursor->failed)
            read_import_type(cursor, module, import, start);
    }
    if (cursor->failed)
        return;
    module->import_count = count;
    module->imported_funcs = module->func_count;
    module->imported_tables = module->table_count;
    module->imported_memories = module->memory_count;
    module->imported_globals = module->global_count;
}

static void
read_functions(krait_cursor *cursor, krait_wasm_module *module)
{
    uint32_t count = krait__cursor_count(cursor, KRAIT_WASM_MAX_FUNCTIONS, 1, "functions");
    uint32_t at = module->func_count;

    if (!extend(cursor, &module->funcs, &module->func_count, count, sizeof(*module->funcs)))
        return;
    for (; at < module->func_count && !cursor->failed; at++)
        module->funcs[at].type = krait__cursor_u32(cursor);
}

static void
read_tables(krait_cursor *cursor, krait_wasm_module *module)
{
    uint32_t count = krait__cursor_count(cursor, KRAIT_WASM_MAX_TABLES, 3, "tables");
    uint32_t at = module->table_count;

    if (!extend(cursor, &module->tables, &module->table_count, count, sizeof(*module->tables)))
        return;
    for (; at < module->table_count && !cursor->failed; at++)
        read_table(cursor, &module->tables[at]);
}

static void
read_memories(krait_cursor *cursor, krait_wasm_module *module)
{
    uint32_t count = krait__cursor_count(cursor, KRAIT_WASM_MAX_TABLES, 2, "memories");
    uint32_t at = module->memory_count;

    if (!extend(cursor, &module->memories, &module->memory_count, count, sizeof(*module->memories)))
        return;
    for (; at < module->memory_count && !cursor->failed; at++)
        read_memory(cursor, &module->memories[at]);
}

static void
read_globals(krait_cursor *cursor, krait_wasm_module *module)
{
    uint32_t count = krait__cursor_count(cursor, KRAIT_WASM_MAX_GLOBALS, 3, "globals");
    uint32_t at = module->global_count;

    if (!extend(cursor, &module->globals, &module->global_count, count, sizeof(*module->globals)))
        return;
    for (; at < module->global_count && !cursor->failed; at++) {
        read_global_type(cursor, &module->globals[at]);
        krait__reader_const(cursor, &module->globals[at].init);
    }
}

static void
read_exports(krait_cursor *cursor, krait_wasm_module *module)
{
    uint32_t count = krait__cursor_count(cursor, KRAIT_WASM_MAX_EXPORTS, 3, "exports");
    uint32_t i;

    module->exports = krait__reader_array(cursor, count, sizeof(*module->exports));
    for (i = 0; i < count && !cursor->failed; i++) {
        krait_wasm_export *export = &module->exports[i];
        size_t start;

        export->offset = cursor->at;
        export->name = krait__cursor_name(cursor);
        start = cursor->at;
        export->kind = krait__cursor_u8(cursor);
        export->index = krait__cursor_u32(cursor);
        if (export->kind == 4)
            krait__cursor_fail_at(cursor, start, KRAIT_EUNSUPPORTED,
                                  "an exported tag is not supported (exception handling)");
        if (export->kind > 4)
            krait__cursor_fail_at(cursor, start, KRAIT_EFORMAT, "malformed export kind 0x%02x",
                                  export->kind);
    }
    if (!cursor->failed)
        module->export_count = count;
}

static void
read_start(krait_cursor *cursor, krait_wasm_module *module)
{
    module->start_offset = cursor->at;
    module->start = krait__cursor_u32(cursor);
    module->has_start = true;
}

static void
read_data_count(krait_cursor *cursor, krait_wasm_module *module)
{
    module->declared_data_count = krait__cursor_u32(cursor);
    module->has_data_count = true;
}

static void
read_code(krait_cursor *cursor, krait_wasm_module *module)
{
    size_t start = cursor->at;
    uint32_t count = krait__cursor_count(cursor, KRAIT_WASM_MAX_FUNCTIONS, 1, "function bodies");
    uint32_t at = module->imported_funcs;

    if (cursor->failed)
        return;
    if (count != module->func_count - at) {
        krait__cursor_fail_at(cursor, start, KRAIT_EFORMAT,
                              "function and code section have inconsistent lengths");
        return;
    }
    for (; at < module->func_count && !cursor->failed; at++) {
        krait_wasm_func *func = &module->funcs[at];

        start = cursor->at;
        func->size = krait__cursor_u32(cursor);
        func->offset = cursor->at;
        cursor->func = at;
        func->body = krait__cursor_bytes(cursor, func->size);
        if (func->size > KRAIT_WASM_MAX_BODY_BYTES)
            krait__cursor_fail_at(cursor, start, KRAIT_ELIMIT,
                                  "body of %u bytes; at most %u are supported", func->size,
                                  KRAIT_WASM_MAX_BODY_BYTES);
        cursor->func = UINT32_MAX;
    }
}

static void
read_custom(krait_cursor *cursor, krait_wasm_module *module)
{
    krait_wasm_name name = krait__cursor_name(cursor);

    if (cursor->failed)
        return;
    if (name.size == 4 && memcmp(name.text, "name", 4) == 0)
        krait__reader_names(cursor, module);
    cursor->at = cursor->end;
}

typedef void (*section_reader)(krait_cursor *cursor, krait_wasm_module *module);

static const struct {
    const char *name;
    section_reader read;
} sections[] = {
    [SECTION_CUSTOM] = {"custom section", read_custom},
    [SECTION_TYPE] = {"type section", krait__reader_types},
    [SECTION_IMPORT] = {"import section", read_imports},
    [SECTION_FUNCTION] = {"function section", read_functions},
    [SECTION_TABLE] = {"table section", read_tables},
    [SECTION_MEMORY] = {"memory section", read_memories},
    [SECTION_GLOBAL] = {"global section", read_globals},
    [SECTION_EXPORT] = {"export section", read_exports},
    [SECTION_START] = {"start section", read_start},
    [SECTION_ELEMENT] = {"element section", krait__reader_elements},
    [SECTION_CODE] = {"code section", read_code},
    [SECTION_DATA] = {"data section", krait__reader_datas},
    [SECTION_DATA_COUNT] = {"data count section", read_data_count},
};

/* What order the sections came in, for the rules about the whole module. */
typedef struct section_state {
    unsigned rank;
    bool has_code;
} section_state;

static bool
check_section_id(krait_cursor *cursor, uint8_t id, size_t start, section_state *state)
{
    if (id == SECTION_TAG)
        return krait__cursor_fail_at(cursor, start, KRAIT_EUNSUPPORTED,
                                     "a tag section is not supported (exception handling)");
    if (id > SECTION_TAG)
        return krait__cursor_fail_at(cursor, start, KRAIT_EFORMAT, "malformed section id %u", id);
    if (id == SECTION_CUSTOM)
        return true;
    if (section_rank(id) <= state->rank)
        return krait__cursor_fail_at(cursor, start, KRAIT_EFORMAT,
                                     "unexpected content after last section: %s",
                                     sections[id].name);
    state->rank = section_rank(id);
    if (id == SECTION_CODE)
        state->has_code = true;
    return true;
}

static void
read_section(krait_cursor *cursor, krait_wasm_module *module, section_state *state)
{
    size_t file_end = cursor->end;
    size_t start = cursor->at;
    uint8_t id = krait__cursor_u8(cursor);
    uint32_t size = krait__cursor_u32(cursor);

    if (cursor->failed || !check_section_id(cursor, id, start, state))
        return;
    cursor->section = sections[id].name;
    if (size > cursor->end - cursor->at) {
        krait__cursor_fail_at(cursor, start, KRAIT_EFORMAT,
                              "length out of bounds: unexpected end of the file");
        return;
    }
    cursor->end = cursor->at + size;
    sections[id].read(cursor, module);
    if (cursor->at != cursor->end)
        krait__cursor_fail_at(cursor, cursor->at, KRAIT_EFORMAT, "section size mismatch");
    cursor->end = file_end;
    cursor->section = NULL;
}

/* Rules that need all sections (WebAssembly 2.0 section 5.5.16). */
static void
check_whole(krait_cursor *cursor, const krait_wasm_module *module, const section_state *state)
{
    if (!state->has_code && module->func_count != module->imported_funcs)
        krait__cursor_fail_at(cursor, cursor->at, KRAIT_EFORMAT,
                              "function and code section have inconsistent lengths");
    if (module->has_data_count && module->declared_data_count != module->data_count)
        krait__cursor_fail_at(cursor, cursor->at, KRAIT_EFORMAT,
                              "data count and data section have inconsistent lengths");
}

static void
check_magic(krait_cursor *cursor)
{
    static const uint8_t component[4] = {0x0d, 0x00, 0x01, 0x00};
    const uint8_t *magic = krait__cursor_bytes(cursor, 4);
    const uint8_t *version;

    if (magic == NULL || memcmp(magic, "\0asm", 4) != 0) {
        cursor->failed = false;
        krait__cursor_fail_at(cursor, 0, KRAIT_EFORMAT,
                              "not a WebAssembly module: magic header not detected");
        return;
    }
    version = krait__cursor_bytes(cursor, 4);
    if (version != NULL && memcmp(version, component, 4) == 0)
        krait__cursor_fail_at(cursor, 4, KRAIT_EUNSUPPORTED, "components are not supported");
    if (version == NULL || memcmp(version, "\1\0\0\0", 4) != 0)
        krait__cursor_fail_at(cursor, 4, KRAIT_EFORMAT, "unknown binary version");
}

krait_status
krait__wasm_read(const uint8_t *bytes, size_t size, krait_wasm_module *ret_module, krait_error *err)
{
    krait_cursor cursor = {.data = bytes, .end = size, .func = UINT32_MAX, .err = err};
    section_state state = {0, false};
    krait_wasm_module module;

    memset(&module, 0, sizeof(module));
    module.bytes = bytes;
    module.size = size;
    cursor.module = &module;
    if (size > KRAIT_WASM_MAX_MODULE_BYTES)
        return krait__error_set(err, KRAIT_ELIMIT, 0,
                                "a module of %zu bytes; at most %u are supported", size,
                                KRAIT_WASM_MAX_MODULE_BYTES);
    check_magic(&cursor);
    while (!cursor.failed && cursor.at < cursor.end)
        read_section(&cursor, &module, &state);
    if (!cursor.failed)
        check_whole(&cursor, &module, &state);
    if (cursor.failed) {
        krait__wasm_module_release(&module);
        return cursor.status;
    }
    module.has_simd = cursor.saw_simd;
    *ret_module = module;
    return KRAIT_OK;
}
