/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `krait inspect`: what a .wasm or .krt file is, as text or as one JSON object.
 *
 * A .krt is not loaded: everything said of it is in its seal (base/krt.h).  A module
 * is read and validated first, so what is wrong with it is said as in translating.
 */
#include "aot/inspect.h"
#include "aot/bytes.h"
#include "aot/input.h"
#include "aot/limits.h"
#include "aot/reader.h"
#include "aot/validate.h"
#include "base/alloc.h"
#include "base/cpu.h"
#include "base/error.h"
#include "base/krt.h"

#include <krait/abi.h>
#include <krait/aot.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct report {
    krait_text text;
    bool json;
    bool is_first; /* nothing was written at this level yet */
} report;

/* ---- one line, or one member ------------------------------------------------------------ */

static void
key(report *r, const char *name)
{
    if (r->json)
        krait__text_fmt(&r->text, "%s\"%s\":", r->is_first ? "" : ",", name);
    else
        krait__text_fmt(&r->text, "%-12s ", name);
    r->is_first = false;
}

static void
end_line(report *r)
{
    if (!r->json)
        krait__text_str(&r->text, "\n");
}

static void
put_string(report *r, const char *name, const char *bytes, size_t size)
{
    key(r, name);
    krait__inspect_string(&r->text, r->json, bytes, size);
    end_line(r);
}

static void
put_number(report *r, const char *name, uint64_t number)
{
    key(r, name);
    krait__text_u64(&r->text, number);
    end_line(r);
}

static void
put_digest(report *r, const char *name, const uint8_t digest[KRAIT_SHA256_SIZE])
{
    char text[2 * KRAIT_SHA256_SIZE + 1];
    unsigned i;

    for (i = 0; i < KRAIT_SHA256_SIZE; i++)
        snprintf(text + (size_t)2 * i, 3, "%02x", digest[i]);
    put_string(r, name, text, strlen(text));
}

/* ---- lists ------------------------------------------------------------------------------ */

static void
begin_list(report *r, const char *name, uint64_t count)
{
    key(r, name);
    if (r->json)
        krait__text_str(&r->text, "[");
    else
        krait__text_fmt(&r->text, "%llu\n", (unsigned long long)count);
    r->is_first = true;
}

static void
begin_item(report *r)
{
    if (r->json)
        krait__text_str(&r->text, r->is_first ? "" : ",");
    else
        krait__text_str(&r->text, "  ");
    r->is_first = false;
}

static void
end_list(report *r)
{
    if (r->json)
        krait__text_str(&r->text, "]");
    r->is_first = false;
}

static void
put_imports(report *r, const krait_wasm_module *module)
{
    uint32_t i;

    begin_list(r, "imports", module->import_count);
    for (i = 0; i < module->import_count; i++) {
        const krait_wasm_import *import = &module->imports[i];

        begin_item(r);
        krait__text_str(&r->text, r->json ? "{\"module\":" : "");
        krait__inspect_string(&r->text, r->json, import->module.text, import->module.size);
        krait__text_str(&r->text, r->json ? ",\"name\":" : ".");
        krait__inspect_string(&r->text, r->json, import->name.text, import->name.size);
        if (r->json)
            krait__text_fmt(&r->text, ",\"kind\":\"%s\",\"type\":\"",
                            krait__inspect_kind(import->kind));
        else
            krait__text_str(&r->text, ": ");
        krait__inspect_type(&r->text, module, import->kind, import->index);
        krait__text_str(&r->text, r->json ? "\"}" : "\n");
    }
    end_list(r);
}

static void
put_exports(report *r, const krait_wasm_module *module)
{
    uint32_t i;

    begin_list(r, "exports", module->export_count);
    for (i = 0; i < module->export_count; i++) {
        const krait_wasm_export *export = &module->exports[i];

        begin_item(r);
        krait__text_str(&r->text, r->json ? "{\"name\":" : "");
        krait__inspect_string(&r->text, r->json, export->name.text, export->name.size);
        if (r->json)
            krait__text_fmt(&r->text, ",\"kind\":\"%s\",\"index\":%u,\"type\":\"",
                            krait__inspect_kind(export->kind), export->index);
        else
            krait__text_str(&r->text, ": ");
        krait__inspect_type(&r->text, module, export->kind, export->index);
        krait__text_str(&r->text, r->json ? "\"}" : "\n");
    }
    end_list(r);
}

/* Memories or tables, imported ones too. */
static void
put_space(report *r, const krait_wasm_module *module, const char *name, uint8_t kind,
          uint32_t count)
{
    uint32_t i;

    begin_list(r, name, count);
    for (i = 0; i < count; i++) {
        begin_item(r);
        krait__text_str(&r->text, r->json ? "\"" : "");
        krait__inspect_type(&r->text, module, kind, i);
        krait__text_str(&r->text, r->json ? "\"" : "\n");
    }
    end_list(r);
}

static void
put_features(report *r, const krait_wasm_module *module)
{
    uint32_t features = krait__inspect_features(module);
    bool is_first = true;
    unsigned i;

    key(r, "features");
    krait__text_str(&r->text, r->json ? "[" : "");
    for (i = 0; i < KRAIT_FEATURE_COUNT; i++) {
        if ((features >> i & 1u) == 0)
            continue;
        krait__text_fmt(&r->text, r->json ? "%s\"%s\"" : "%s%s",
                        is_first  ? ""
                        : r->json ? ","
                                  : " ",
                        krait__feature_names[i]);
        is_first = false;
    }
    krait__text_str(&r->text, r->json ? "]" : is_first ? "none beyond version 1" : "");
    end_line(r);
}

/* ---- custom sections -------------------------------------------------------------------- */

/* The name that a module has for itself: subsection 0 of the section "name". */
static void
put_own_name(report *r, const krait_cursor *section)
{
    krait_cursor cursor = *section;
    uint8_t number = krait__cursor_u8(&cursor);
    uint32_t size = krait__cursor_u32(&cursor);
    krait_wasm_name name;

    if (cursor.failed || number != 0 || size > cursor.end - cursor.at)
        return;
    cursor.end = cursor.at + size;
    name = krait__cursor_name(&cursor);
    if (!cursor.failed)
        put_string(r, "module_name", name.text, name.size);
}

/* Who made it: fields of names with versions (tool conventions, ProducersSection.md).
 * Mistakes in it end the list. */
static void
put_producers(report *r, const krait_cursor *section)
{
    krait_cursor cursor = *section;
    uint32_t fields = krait__cursor_u32(&cursor);

    begin_list(r, "producers", fields);
    for (; fields != 0 && !cursor.failed; fields--) {
        krait_wasm_name field = krait__cursor_name(&cursor);
        uint32_t values = krait__cursor_u32(&cursor);

        for (; values != 0 && !cursor.failed; values--) {
            krait_wasm_name name = krait__cursor_name(&cursor);
            krait_wasm_name version = krait__cursor_name(&cursor);

            if (cursor.failed)
                break;
            begin_item(r);
            krait__text_str(&r->text, r->json ? "{\"field\":" : "");
            krait__inspect_string(&r->text, r->json, field.text, field.size);
            krait__text_str(&r->text, r->json ? ",\"name\":" : ": ");
            krait__inspect_string(&r->text, r->json, name.text, name.size);
            krait__text_str(&r->text, r->json ? ",\"version\":" : " ");
            krait__inspect_string(&r->text, r->json, version.text, version.size);
            krait__text_str(&r->text, r->json ? "}" : "\n");
        }
    }
    end_list(r);
}

/* The next section of a module that was read without complaint: its number, and a cursor
 * over its contents; false at the end. */
static bool
next_section(krait_cursor *file, uint8_t *ret_number, krait_cursor *ret_contents)
{
    uint32_t size;

    if (file->at >= file->end)
        return false;
    *ret_number = krait__cursor_u8(file);
    size = krait__cursor_u32(file);
    *ret_contents = *file;
    ret_contents->end = file->at + size;
    file->at += size;
    return !file->failed;
}

static bool
is_named(krait_wasm_name name, const char *wanted)
{
    return name.size == strlen(wanted) && memcmp(name.text, wanted, name.size) == 0;
}

static void
put_customs(report *r, const krait_wasm_module *module)
{
    krait_cursor file = {.data = module->bytes, .at = 8, .end = module->size};
    krait_cursor producers = {.end = 0};
    krait_cursor names = {.end = 0};
    krait_cursor contents;
    uint64_t count = 0;
    uint8_t number;

    while (next_section(&file, &number, &contents))
        count += number == 0;
    begin_list(r, "custom", count);
    file.at = 8;
    while (next_section(&file, &number, &contents)) {
        krait_wasm_name name;

        if (number != 0)
            continue;
        name = krait__cursor_name(&contents);
        begin_item(r);
        krait__text_str(&r->text, r->json ? "{\"name\":" : "");
        krait__inspect_string(&r->text, r->json, name.text, name.size);
        krait__text_fmt(&r->text, r->json ? ",\"size\":%zu}" : ": %zu bytes\n",
                        contents.end - contents.at);
        if (is_named(name, "producers") && producers.end == 0)
            producers = contents;
        if (is_named(name, "name") && names.end == 0)
            names = contents;
    }
    end_list(r);
    if (names.end != 0)
        put_own_name(r, &names);
    if (producers.end != 0)
        put_producers(r, &producers);
}

/* ---- modules ---------------------------------------------------------------------------- */

static void
put_sizes(report *r, const krait_wasm_module *module)
{
    uint64_t code = 0;
    uint64_t data = 0;
    uint32_t i;

    for (i = module->imported_funcs; i < module->func_count; i++)
        code += module->funcs[i].size;
    for (i = 0; i < module->data_count; i++)
        data += module->datas[i].size;
    put_number(r, "functions", module->func_count - module->imported_funcs);
    put_number(r, "code_bytes", code);
    put_number(r, "data_bytes", data);
    put_number(r, "globals", module->global_count - module->imported_globals);
    if (module->has_start)
        put_number(r, "start", module->start);
}

static void
put_module(report *r, const krait_wasm_module *module)
{
    uint8_t digest[KRAIT_SHA256_SIZE];

    krait__sha256(module->bytes, module->size, digest);
    put_string(r, "kind", "module", 6);
    put_number(r, "size", module->size);
    put_digest(r, "sha256", digest);
    put_features(r, module);
    put_sizes(r, module);
    put_space(r, module, "memories", KRAIT_KIND_MEMORY, module->memory_count);
    put_space(r, module, "tables", KRAIT_KIND_TABLE, module->table_count);
    put_imports(r, module);
    put_exports(r, module);
    put_customs(r, module);
}

static krait_status
inspect_wasm(report *r, const char *path, krait_error *err)
{
    krait_wasm_module module;
    uint8_t *data = NULL;
    size_t size = 0;
    krait_status status = krait__input_read(path, KRAIT_WASM_MAX_MODULE_BYTES, &data, &size, err);

    if (status != KRAIT_OK)
        return status;
    status = krait__wasm_read(data, size, &module, err);
    if (status == KRAIT_OK) {
        status = krait__wasm_validate(&module, err);
        if (status == KRAIT_OK)
            put_module(r, &module);
        krait__wasm_module_release(&module);
    }
    krait__free(data);
    if (status != KRAIT_OK)
        (void)krait__error_context(err, "'%s'", path);
    return status;
}

/* ---- translated modules ----------------------------------------------------------------- */

/* Whoever made the file has chosen the keys, too: what no translator of ours writes is left out. */
static bool
is_key(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (text[i] != '_' && (text[i] < 'a' || text[i] > 'z'))
            return false;
    }
    return size != 0;
}

/* The lines of the seal, each a key and a value. */
static void
put_origin(report *r, const char *text)
{
    while (*text != '\0') {
        size_t size = strcspn(text, "\n");
        size_t name_size = strcspn(text, ":");
        char name[32];

        if (name_size < size && name_size < sizeof(name) && is_key(text, name_size)) {
            const char *value = text + name_size + 1;
            size_t value_size = size - name_size - 1;

            snprintf(name, sizeof(name), "%.*s", (int)name_size, text);
            while (value_size > 0 && *value == ' ') {
                value++;
                value_size--;
            }
            put_string(r, name, value, value_size);
        }
        text += size;
        text += *text == '\n';
    }
}

static krait_status
put_translation(report *r, int fd, const char *path, krait_error *err)
{
    krait_error reason = {.text = ""};
    krait_krt_seal seal;
    char *text = NULL;
    char names[512];
    krait_status status = krait__krt_read(fd, path, &seal, &text, err);

    if (status == KRAIT_OK)
        status = krait__krt_check_whole(fd, path, &seal, err);
    if (status != KRAIT_OK) {
        krait__free(text);
        return status;
    }
    put_string(r, "kind", "translation", 11);
    put_number(r, "size", seal.object_size + seal.text_size + sizeof(seal));
    put_digest(r, "sha256", seal.object_sha256);
    put_digest(r, "made_from", seal.wasm_sha256);
    put_number(r, "engine_abi", seal.abi_version);
    put_number(r, "revision", seal.revision);
    put_string(r, "machine", krait__cpu_machine_name((uint16_t)seal.machine),
               strlen(krait__cpu_machine_name((uint16_t)seal.machine)));
    krait__cpu_names((uint16_t)seal.machine, seal.cpu, names, sizeof(names));
    put_string(r, "processor", names[0] != '\0' ? names : "any",
               strlen(names[0] != '\0' ? names : "any"));
    put_origin(r, text);
    krait__free(text);
    status = krait__krt_check(fd, path, &seal, &reason);
    put_string(r, "runs_here", status == KRAIT_OK ? "yes" : reason.text,
               status == KRAIT_OK ? 3 : strlen(reason.text));
    return KRAIT_OK;
}

/* ---- all together ----------------------------------------------------------------------- */

static krait_status
inspect(report *r, const char *path, krait_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    uint8_t head[8] = {0};
    krait_status status;
    ssize_t size;

    if (fd < 0)
        return krait__error_set(
            err, errno == ENOENT || errno == ENOTDIR ? KRAIT_ENOTFOUND : KRAIT_EINVAL, errno,
            "cannot open '%s'", path);
    size = pread(fd, head, sizeof(head), 0);
    put_string(r, "file", path, strlen(path));
    if (size >= 0 && krait__krt_is_elf(head, (size_t)size))
        status = put_translation(r, fd, path, err);
    else
        status = inspect_wasm(r, path, err);
    close(fd);
    return status;
}

krait_status
krait_aot_inspect(const char *path, unsigned json, char **ret_text, krait_error *err)
{
    report r = {.json = json != 0, .is_first = true};
    krait_status status;

    krait__text_str(&r.text, r.json ? "{" : "");
    status = inspect(&r, path, err);
    if (status == KRAIT_OK) {
        krait__text_str(&r.text, r.json ? "}\n" : "");
        krait__text_add(&r.text, "", 1);
        if (r.text.no_memory)
            status = krait__error_nomem(err);
        else if (r.text.is_full)
            status = krait__error_set(err, KRAIT_ELIMIT, 0, "'%s': there is too much to say", path);
    }
    if (status == KRAIT_OK)
        *ret_text = r.text.data;
    else
        krait__text_release(&r.text);
    return status;
}

void
krait_aot_inspect_free(char *text)
{
    krait__free(text);
}
