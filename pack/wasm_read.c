/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a module: see wasm.h.
 *
 * Only what packing needs is read: the kinds of imports before a global, the memory, exported
 * globals with a constant value, and the addresses of data segments.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "pack/wasm.h"

#include <krait/pack_format.h>

#include <string.h>

#define MOST_SECTIONS 4096
#define OPCODE_END    0x0b
#define I32_CONST     0x41
#define I64_CONST     0x42
#define F32_CONST     0x43
#define F64_CONST     0x44
#define GLOBAL_GET    0x23
#define REF_NULL      0xd0
#define REF_FUNC      0xd2
#define SIMD_PREFIX   0xfd

#define EXPORT_FUNCTION 0
#define EXPORT_GLOBAL   3

/* What is known while it is read. */
typedef struct reading {
    krait_wasm *wasm;
    const char *path;
    krait_error *err;
    size_t capacity;
    size_t imported_globals;
    uint64_t slot_global; /* UINT64_MAX: none is exported */
    uint64_t data_count;  /* as its own section says it; UINT64_MAX: not at all */
    uint32_t seen;        /* a bit per number of a section that was met */
    bool has_memory;
} reading;

static krait_status
malformed(const reading *r, const krait_section *section, const krait_view *view, const char *what)
{
    return krait__error_set(r->err, KRAIT_EFORMAT, 0,
                            "'%s': section %u at offset %zu: %s at offset %zu", r->path,
                            section->id, section->at, what, section->at + view->at);
}

/* ---- sections ----------------------------------------------------------------------------- */

static krait_status
add_section(reading *r, krait_view *view)
{
    krait_wasm *wasm = r->wasm;
    krait_section section = {.id = krait__pack_view_byte(view)};
    size_t start = view->at - 1;

    section.size = krait__pack_view_leb(view);
    section.at = view->at;
    if (krait__pack_view_take(view, section.size) == NULL)
        return krait__error_set(r->err, KRAIT_EFORMAT, 0,
                                "'%s': the section at offset %zu reaches beyond the end of the "
                                "file (%zu bytes): it is not complete",
                                r->path, start, wasm->size);
    if (section.id > 13)
        return krait__error_set(r->err, KRAIT_EFORMAT, 0, "'%s': unknown section %u at offset %zu",
                                r->path, section.id, start);
    if (section.id == KRAIT_SECTION_CUSTOM) {
        krait_view inner = krait__pack_view(wasm->bytes + section.at, section.size);

        section.name_size = krait__pack_view_leb(&inner);
        section.name = (const char *)krait__pack_view_take(&inner, section.name_size);
        if (section.name == NULL)
            return malformed(r, &section, &inner, "bad name");
        section.at += inner.at;
        section.size -= inner.at;
    }
    if (section.id != KRAIT_SECTION_CUSTOM && (r->seen >> section.id & 1u) != 0)
        return krait__error_set(r->err, KRAIT_EFORMAT, 0, "'%s': a second section %u at offset %zu",
                                r->path, section.id, start);
    r->seen |= 1u << section.id;
    if (krait__grow(&wasm->sections, wasm->section_count, &r->capacity, sizeof(section),
                    MOST_SECTIONS) != 0)
        return krait__error_set(r->err, KRAIT_ELIMIT, 0, "'%s': more than %d sections", r->path,
                                MOST_SECTIONS);
    wasm->sections[wasm->section_count++] = section;
    return KRAIT_OK;
}

static krait_status
read_sections(reading *r)
{
    static const uint8_t head[8] = {0, 'a', 's', 'm', 1, 0, 0, 0};
    krait_view view = krait__pack_view(r->wasm->bytes, r->wasm->size);
    const uint8_t *found = krait__pack_view_take(&view, sizeof(head));
    krait_status status = KRAIT_OK;

    if (found == NULL || memcmp(found, head, 4) != 0)
        return krait__error_set(r->err, KRAIT_EFORMAT, 0, "'%s' is not a WebAssembly module",
                                r->path);
    if (memcmp(found, head, sizeof(head)) != 0)
        return krait__error_set(r->err, KRAIT_EUNSUPPORTED, 0,
                                "'%s' is WebAssembly, but no module of version 1 (a component?)",
                                r->path);
    while (status == KRAIT_OK && view.at < view.size)
        status = add_section(r, &view);
    return status;
}

/* ---- imports, memory, globals, exports ---------------------------------------------------- */

static uint64_t
take_limits(krait_view *view, uint64_t *ret_max)
{
    uint32_t flags = krait__pack_view_leb(view);
    uint64_t min = krait__pack_view_leb64(view, (flags & 4) != 0 ? 64 : 32);

    *ret_max = (flags & 1) != 0 ? krait__pack_view_leb64(view, (flags & 4) != 0 ? 64 : 32)
                                : UINT64_MAX;
    if (flags > 7)
        view->has_failed = true;
    return min;
}

static void
skip_import(reading *r, krait_view *view)
{
    uint64_t max;

    (void)krait__pack_view_take(view, krait__pack_view_leb(view));
    (void)krait__pack_view_take(view, krait__pack_view_leb(view));
    switch (krait__pack_view_byte(view)) {
    case 0:
        (void)krait__pack_view_leb(view);
        break;
    case 1:
        (void)krait__pack_view_byte(view);
        (void)take_limits(view, &max);
        break;
    case 2:
        /* Packing raises the minimum of a memory of the module's own. */
        (void)take_limits(view, &max);
        break;
    case 3:
        (void)krait__pack_view_take(view, 2);
        r->imported_globals++;
        break;
    case 4:
        (void)krait__pack_view_byte(view);
        (void)krait__pack_view_leb(view);
        break;
    default:
        view->has_failed = true;
    }
}

/* A constant expression, with its end; true and the value when it is an i32.const. */
static bool
take_constant(krait_view *view, uint32_t *ret_value)
{
    bool is_constant = false;
    unsigned count = 0;

    for (;; count++) {
        uint8_t opcode = krait__pack_view_byte(view);

        if (view->has_failed || opcode == OPCODE_END)
            return is_constant && count == 1;
        switch (opcode) {
        case I32_CONST:
            *ret_value = (uint32_t)krait__pack_view_leb_signed(view);
            is_constant = true;
            break;
        case I64_CONST:
            (void)krait__pack_view_leb_signed(view);
            break;
        case F32_CONST:
            (void)krait__pack_view_take(view, 4);
            break;
        case F64_CONST:
            (void)krait__pack_view_take(view, 8);
            break;
        case GLOBAL_GET:
        case REF_FUNC:
            (void)krait__pack_view_leb(view);
            break;
        case REF_NULL:
            (void)krait__pack_view_byte(view);
            break;
        case SIMD_PREFIX:
            (void)krait__pack_view_leb(view);
            (void)krait__pack_view_take(view, 16);
            break;
        case 0x6a: /* extended constants: add, sub, mul of both sizes */
        case 0x6b:
        case 0x6c:
        case 0x7c:
        case 0x7d:
        case 0x7e:
            break;
        default:
            view->has_failed = true;
        }
    }
}

static void
read_memory(reading *r, krait_view *view)
{
    uint32_t count = krait__pack_view_leb(view);

    /* Shared memories and those of 64 bits are not what programs of preview 1 have. */
    if (count != 1 || view->at >= view->size || view->data[view->at] > 1)
        return;
    r->wasm->min_pages = take_limits(view, &r->wasm->max_pages);
    r->wasm->pages = r->wasm->min_pages;
    r->has_memory = true;
}

static void
read_data_count(reading *r, krait_view *view)
{
    r->data_count = krait__pack_view_leb(view);
}

static void
read_globals(reading *r, krait_view *view)
{
    uint32_t count = krait__pack_view_leb(view);

    for (uint32_t i = 0; i < count && !view->has_failed; i++) {
        uint32_t value = 0;

        (void)krait__pack_view_take(view, 2);
        if (take_constant(view, &value) && r->slot_global == (uint64_t)r->imported_globals + i) {
            r->wasm->slot = value;
            r->wasm->has_slot = true;
        }
    }
}

/* Index of the export of this kind and name; UINT64_MAX: there is none. */
static uint64_t
find_export(krait_view *view, uint8_t wanted_kind, const char *wanted)
{
    uint32_t count = krait__pack_view_leb(view);
    uint64_t found = UINT64_MAX;

    for (uint32_t i = 0; i < count && !view->has_failed; i++) {
        uint32_t size = krait__pack_view_leb(view);
        const uint8_t *name = krait__pack_view_take(view, size);
        uint8_t kind = krait__pack_view_byte(view);
        uint32_t index = krait__pack_view_leb(view);

        if (name != NULL && kind == wanted_kind && size == strlen(wanted) &&
            memcmp(name, wanted, size) == 0)
            found = index;
    }
    return found;
}

static void
read_exports(reading *r, krait_view *view)
{
    r->slot_global = find_export(view, EXPORT_GLOBAL, KRAIT_PACK_SLOT_EXPORT);
}

bool
krait__pack_wasm_exports(const krait_wasm *wasm, const char *name)
{
    for (size_t i = 0; i < wasm->section_count; i++) {
        const krait_section *section = &wasm->sections[i];
        krait_view view = krait__pack_view(wasm->bytes + section->at, section->size);

        if (section->id == KRAIT_SECTION_EXPORT &&
            find_export(&view, EXPORT_FUNCTION, name) != UINT64_MAX)
            return true;
    }
    return false;
}

/* ---- data --------------------------------------------------------------------------------- */

/* False for a segment that is passive, of another memory, or at an address that is computed. */
static bool
take_segment(krait_view *view, krait_segment *segment)
{
    uint32_t kind = krait__pack_view_leb(view);
    bool is_known = kind == 0;

    if (kind == 2)
        is_known = krait__pack_view_leb(view) == 0;
    if (kind == 0 || kind == 2)
        is_known = take_constant(view, &segment->address) && is_known;
    else if (kind != 1)
        view->has_failed = true;
    segment->size = krait__pack_view_leb(view);
    segment->data = krait__pack_view_take(view, segment->size);
    return is_known && !view->has_failed;
}

/* The slot's own version as the program was linked, and address and size that packing wrote. */
static void
look_for_slot(krait_wasm *wasm, const krait_segment *segment, uint8_t slot[24])
{
    uint64_t from = segment->address;
    uint64_t to = from + segment->size;

    for (uint64_t i = 0; i < 24; i++) {
        uint64_t address = (uint64_t)wasm->slot + i;

        if (address >= from && address < to)
            slot[i] = segment->data[address - from];
    }
}

static void
note_segment(krait_wasm *wasm, const krait_segment *segment, const uint8_t slot[24])
{
    uint32_t address = krait__pack_le_u32(slot + 12);

    if (segment->address == wasm->slot + 12 && segment->size == 8)
        wasm->pointer = *segment;
    if (address != 0 && segment->address == address &&
        segment->size == krait__pack_le_u32(slot + 16))
        wasm->image = *segment;
}

static krait_status
check_slot(const reading *r, const uint8_t slot[24])
{
    krait_wasm *wasm = r->wasm;

    if (memcmp(slot, KRAIT_PACK_SLOT_MAGIC, 8) != 0)
        return krait__error_set(r->err, KRAIT_EFORMAT, 0,
                                "'%s': at address %u, where the slot for packed files should be, "
                                "is something else",
                                r->path, wasm->slot);
    wasm->slot_version = krait__pack_le_u32(slot + 8);
    if (krait__pack_le_u32(slot + 12) == 0)
        return KRAIT_OK;
    if (wasm->image.data == NULL || wasm->pointer.data == NULL ||
        wasm->image.number + 2 != wasm->segment_count ||
        wasm->pointer.number + 1 != wasm->segment_count)
        return krait__error_set(r->err, KRAIT_EFORMAT, 0,
                                "'%s': it says that files are packed at address %u, but they are "
                                "not its last segments: something has changed the module since",
                                r->path, krait__pack_le_u32(slot + 12));
    wasm->is_packed = true;
    wasm->segment_count -= 2;
    wasm->pages = wasm->image.address / 65536;
    return KRAIT_OK;
}

static krait_status
read_data(reading *r, const krait_section *section)
{
    krait_wasm *wasm = r->wasm;
    uint8_t slot[24] = {0};

    /* Twice: the image is found by the address that the last segment has. */
    for (unsigned round = 0; round < 2; round++) {
        krait_view view = krait__pack_view(wasm->bytes + section->at, section->size);
        uint32_t count = krait__pack_view_leb(&view);

        for (uint32_t i = 0; i < count && !view.has_failed; i++) {
            krait_segment segment = {.at = section->at + view.at, .number = i};

            if (!take_segment(&view, &segment))
                continue;
            if (round == 0)
                look_for_slot(wasm, &segment, slot);
            else
                note_segment(wasm, &segment, slot);
        }
        if (view.has_failed || view.at != view.size)
            return malformed(r, section, &view, "bad data segment");
        if (r->data_count != UINT64_MAX && r->data_count != count)
            return malformed(r, section, &view, "another number of data segments than announced");
        wasm->segment_count = count;
    }
    return wasm->has_slot ? check_slot(r, slot) : KRAIT_OK;
}

/* ---- all ---------------------------------------------------------------------------------- */

static void
read_imports(reading *r, krait_view *view)
{
    uint32_t count = krait__pack_view_leb(view);

    for (uint32_t i = 0; i < count && !view->has_failed; i++)
        skip_import(r, view);
}

/* All sections with this number; there is at most one of them unless it is custom. */
static krait_status
each_section(reading *r, uint8_t id, void (*read)(reading *r, krait_view *view))
{
    for (size_t i = 0; i < r->wasm->section_count; i++) {
        const krait_section *section = &r->wasm->sections[i];
        krait_view view = krait__pack_view(r->wasm->bytes + section->at, section->size);

        if (section->id != id)
            continue;
        read(r, &view);
        if (view.has_failed)
            return malformed(r, section, &view, "bad contents");
    }
    return KRAIT_OK;
}

krait_status
krait__pack_wasm_open(krait_wasm *wasm, const char *path, const uint8_t *bytes, size_t size,
                      krait_error *err)
{
    reading r = {.wasm = wasm,
                 .path = path,
                 .err = err,
                 .slot_global = UINT64_MAX,
                 .data_count = UINT64_MAX};
    bool has_data = false;
    krait_status status;

    memset(wasm, 0, sizeof(*wasm));
    wasm->bytes = bytes;
    wasm->size = size;
    wasm->max_pages = UINT64_MAX;
    status = read_sections(&r);
    if (status == KRAIT_OK)
        status = each_section(&r, KRAIT_SECTION_IMPORT, read_imports);
    if (status == KRAIT_OK)
        status = each_section(&r, KRAIT_SECTION_MEMORY, read_memory);
    if (status == KRAIT_OK)
        status = each_section(&r, KRAIT_SECTION_DATA_COUNT, read_data_count);
    /* Which global it is, then what that global is. */
    if (status == KRAIT_OK)
        status = each_section(&r, KRAIT_SECTION_EXPORT, read_exports);
    if (status == KRAIT_OK)
        status = each_section(&r, KRAIT_SECTION_GLOBAL, read_globals);
    wasm->has_slot = wasm->has_slot && r.has_memory;
    for (size_t i = 0; i < wasm->section_count && status == KRAIT_OK; i++) {
        if (wasm->sections[i].id != KRAIT_SECTION_DATA)
            continue;
        status = read_data(&r, &wasm->sections[i]);
        has_data = true;
    }
    wasm->has_slot = wasm->has_slot && has_data;
    return status;
}

void
krait__pack_wasm_release(krait_wasm *wasm)
{
    krait__free(wasm->sections);
    memset(wasm, 0, sizeof(*wasm));
}

static bool
has_name(const krait_section *section, const char *name)
{
    return section->id == KRAIT_SECTION_CUSTOM && section->name_size == strlen(name) &&
           memcmp(section->name, name, section->name_size) == 0;
}

const krait_section *
krait__pack_wasm_custom(const krait_wasm *wasm, const char *name)
{
    for (size_t i = 0; i < wasm->section_count; i++) {
        if (has_name(&wasm->sections[i], name))
            return &wasm->sections[i];
    }
    return NULL;
}

bool
krait__pack_wasm_is_own(const krait_section *section)
{
    return has_name(section, KRAIT_PACK_SECTION) || has_name(section, KRAIT_PACK_MODULE_SECTION);
}

bool
krait__pack_wasm_is_debug(const krait_section *section)
{
    static const char *const names[] = {"name", "external_debug_info", "sourceMappingURL",
                                        "build_id"};

    if (section->id != KRAIT_SECTION_CUSTOM)
        return false;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (has_name(section, names[i]))
            return true;
    }
    return (section->name_size >= 7 && memcmp(section->name, ".debug_", 7) == 0) ||
           (section->name_size >= 6 && memcmp(section->name, "reloc.", 6) == 0);
}
