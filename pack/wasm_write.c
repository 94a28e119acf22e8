/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing a module with an image: see wasm.h.
 *
 * The image is an active data segment at the end of the memory as the program was linked, whose
 * minimum is raised by as many pages; a second one writes where it is (docs/pack-format.md). What
 * an earlier packing has added is left out.  Numbers that depend on the size of the image have a
 * fixed width, so that the image can be written before its size is known.
 */
#include "base/error.h"
#include "pack/wasm.h"

#include <krait/pack_format.h>

#include <string.h>

#define PAGE     65536u
#define MAX_PAGE 65536u

typedef struct writing {
    const krait_wasm *wasm;
    const krait_wasm_change *change;
    krait_bytes *head;
    krait_bytes *tail;
    krait_bytes *to; /* one of both */
    uint64_t pages;  /* the image takes */
} writing;

static void
put_custom(krait_bytes *to, const char *name, size_t name_size, const void *data, size_t size)
{
    krait_bytes inner = {0};

    krait__pack_bytes_leb(&inner, name_size);
    krait__pack_bytes_add(&inner, name, name_size);
    krait__pack_bytes_byte(to, KRAIT_SECTION_CUSTOM);
    krait__pack_bytes_leb(to, inner.size + size);
    krait__pack_bytes_add(to, inner.data, inner.size);
    krait__pack_bytes_add(to, data, size);
    to->has_failed = to->has_failed || inner.has_failed;
    krait__pack_bytes_release(&inner);
}

static void
put_section(krait_bytes *to, uint8_t id, const krait_bytes *contents)
{
    krait__pack_bytes_byte(to, id);
    krait__pack_bytes_leb(to, contents->size);
    krait__pack_bytes_add(to, contents->data, contents->size);
    to->has_failed = to->has_failed || contents->has_failed;
}

static void
put_memory(const writing *w)
{
    bool has_max = w->wasm->max_pages != UINT64_MAX;
    krait_bytes contents = {0};

    krait__pack_bytes_leb(&contents, 1);
    krait__pack_bytes_byte(&contents, has_max);
    krait__pack_bytes_leb_padded(&contents, (uint32_t)(w->wasm->pages + w->pages));
    if (has_max)
        krait__pack_bytes_leb(&contents, w->wasm->max_pages);
    put_section(w->to, KRAIT_SECTION_MEMORY, &contents);
    krait__pack_bytes_release(&contents);
}

static void
put_data_count(const writing *w)
{
    krait_bytes contents = {0};

    krait__pack_bytes_leb(&contents, w->wasm->segment_count + (w->pages != 0 ? 2 : 0));
    put_section(w->to, KRAIT_SECTION_DATA_COUNT, &contents);
    krait__pack_bytes_release(&contents);
}

static void
put_segment_head(krait_bytes *to, uint32_t address, size_t size)
{
    krait__pack_bytes_byte(to, 0);
    krait__pack_bytes_byte(to, 0x41);
    krait__pack_bytes_leb_signed(to, (int32_t)address);
    krait__pack_bytes_byte(to, 0x0b);
    krait__pack_bytes_leb_padded(to, (uint32_t)size);
}

/* The segments as they were, without those of packing. */
static krait_view
old_segments(const krait_wasm *wasm, const krait_section *section)
{
    krait_view view = krait__pack_view(wasm->bytes + section->at, section->size);

    (void)krait__pack_view_leb(&view);
    view.data += view.at;
    view.size -= view.at;
    view.at = 0;
    if (wasm->is_packed)
        view.size = (size_t)(wasm->bytes + wasm->image.at - view.data);
    return view;
}

/* All of it but the image, and from there on everything goes behind the image. */
static void
put_data(writing *w, const krait_section *section)
{
    const krait_wasm *wasm = w->wasm;
    uint32_t address = (uint32_t)(wasm->pages * PAGE);
    krait_view old = old_segments(wasm, section);
    krait_bytes before = {0};
    krait_bytes after = {0};

    krait__pack_bytes_leb(&before, wasm->segment_count + (w->pages != 0 ? 2 : 0));
    krait__pack_bytes_add(&before, old.data, old.size);
    if (w->pages != 0) {
        put_segment_head(&before, address, w->change->image_size);
        put_segment_head(&after, wasm->slot + 12, 8);
        krait__pack_bytes_u32(&after, address);
        krait__pack_bytes_u32(&after, (uint32_t)w->change->image_size);
    }
    krait__pack_bytes_byte(w->head, KRAIT_SECTION_DATA);
    krait__pack_bytes_leb_padded(w->head,
                                 (uint32_t)(before.size + w->change->image_size + after.size));
    krait__pack_bytes_add(w->head, before.data, before.size);
    krait__pack_bytes_add(w->tail, after.data, after.size);
    w->tail->has_failed = w->tail->has_failed || before.has_failed || after.has_failed;
    krait__pack_bytes_release(&before);
    krait__pack_bytes_release(&after);
    w->to = w->tail;
}

static void
put_one(writing *w, const krait_section *section)
{
    const krait_wasm *wasm = w->wasm;

    switch (section->id) {
    case KRAIT_SECTION_MEMORY:
        put_memory(w);
        break;
    case KRAIT_SECTION_DATA_COUNT:
        put_data_count(w);
        break;
    case KRAIT_SECTION_DATA:
        put_data(w, section);
        break;
    case KRAIT_SECTION_CUSTOM:
        if (krait__pack_wasm_is_own(section))
            break;
        if (w->change->strip && krait__pack_wasm_is_debug(section))
            break;
        put_custom(w->to, section->name, section->name_size, wasm->bytes + section->at,
                   section->size);
        break;
    default:
        krait__pack_bytes_byte(w->to, section->id);
        krait__pack_bytes_leb(w->to, section->size);
        krait__pack_bytes_add(w->to, wasm->bytes + section->at, section->size);
    }
}

krait_status
krait__pack_wasm_rewrite(const krait_wasm *wasm, const krait_wasm_change *change,
                         krait_bytes *ret_head, krait_bytes *ret_tail, krait_error *err)
{
    writing w = {.wasm = wasm, .change = change, .head = ret_head, .tail = ret_tail};
    uint64_t max = wasm->max_pages < MAX_PAGE ? wasm->max_pages : MAX_PAGE;

    w.to = w.head;
    w.pages = ((uint64_t)change->image_size + PAGE - 1) / PAGE;
    if (wasm->pages + w.pages > max)
        return krait__error_set(err, KRAIT_ELIMIT, 0,
                                "the packed files need %llu pages of memory besides the program's "
                                "%llu, and the module's memory has at most %llu",
                                (unsigned long long)w.pages, (unsigned long long)wasm->pages,
                                (unsigned long long)max);
    krait__pack_bytes_add(w.to, wasm->bytes, 8);
    for (size_t i = 0; i < wasm->section_count; i++)
        put_one(&w, &wasm->sections[i]);
    if (change->module_size != 0)
        put_custom(w.to, KRAIT_PACK_MODULE_SECTION, strlen(KRAIT_PACK_MODULE_SECTION),
                   change->module, change->module_size);
    if (change->manifest_size != 0)
        put_custom(w.to, KRAIT_PACK_SECTION, strlen(KRAIT_PACK_SECTION), change->manifest,
                   change->manifest_size);
    return ret_head->has_failed || ret_tail->has_failed ? krait__error_nomem(err) : KRAIT_OK;
}
