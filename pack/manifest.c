/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The manifest: what a pack consists of, as JSON in the custom section krait.pack.
 *
 * Components of an earlier packing stay, sorted by place and name; docs/packing.md lists the fields.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "pack/json.h"
#include "pack/pack.h"

#include <krait/pack_format.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Each is compared with all others. */
#define MOST_COMPONENTS 4096u
#define FIELDS          5u

#define PLACE 4u

/* What follows the hash of all that is before this. */
#define SEAL     ",\n  \"manifest_sha256\": \""
#define SEAL_END "\"\n}\n"

static const char *const field_names[FIELDS] = {"name", "version", "licence", "source", "place"};

static void
release_component(krait_component *component)
{
    for (unsigned i = 0; i < FIELDS; i++)
        krait__free(component->texts[i]);
    memset(component, 0, sizeof(*component));
}

void
krait__pack_manifest_release(krait_pack *pack)
{
    for (size_t i = 0; i < pack->component_count; i++)
        release_component(&pack->components[i]);
    krait__free(pack->components);
    pack->components = NULL;
    pack->component_count = 0;
}

static bool
equal(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Takes the texts, also when it fails. */
static krait_status
add(krait_pack *pack, krait_component *component, krait_error *err)
{
    for (size_t i = 0; i < pack->component_count; i++) {
        krait_component *old = &pack->components[i];

        if (equal(old->texts[0], component->texts[0]) &&
            equal(old->texts[PLACE], component->texts[PLACE])) {
            release_component(old);
            *old = *component;
            return KRAIT_OK;
        }
    }
    if (krait__grow(&pack->components, pack->component_count, &pack->component_capacity,
                    sizeof(*component), MOST_COMPONENTS) != 0) {
        release_component(component);
        return krait__error_set(err, KRAIT_ELIMIT, 0, "more than %u components", MOST_COMPONENTS);
    }
    pack->components[pack->component_count++] = *component;
    return KRAIT_OK;
}

krait_status
krait_pack_add_component(krait_pack *pack, const krait_pack_component *component, krait_error *err)
{
    const char *texts[FIELDS] = {component->name, component->version, component->licence,
                                 component->source, component->place};
    krait_component own = {{NULL}};

    if (component->name == NULL || component->name[0] == '\0')
        return krait__error_set(err, KRAIT_EINVAL, 0, "a component has no name");
    for (unsigned i = 0; i < FIELDS; i++) {
        if (texts[i] == NULL)
            continue;
        own.texts[i] = krait__strdup(texts[i]);
        if (own.texts[i] == NULL) {
            release_component(&own);
            return krait__error_nomem(err);
        }
    }
    return add(pack, &own, err);
}

/* ---- reading ------------------------------------------------------------------------------ */

static unsigned
field_of(const char *name)
{
    unsigned i = 0;

    while (i < FIELDS && strcmp(name, field_names[i]) != 0)
        i++;
    return i;
}

static void
read_component(krait_json *json, krait_component *component, krait_bytes *text)
{
    if (!krait__pack_json_enter(json, '{'))
        return;
    do {
        unsigned field;

        if (!krait__pack_json_key(json, text))
            return;
        field = field_of((const char *)text->data);
        if (field == FIELDS || component->texts[field] != NULL) {
            krait__pack_json_skip(json);
            continue;
        }
        if (!krait__pack_json_string(json, text))
            return;
        component->texts[field] = krait__strdup((const char *)text->data);
    } while (krait__pack_json_more(json, '}'));
}

krait_status
krait__pack_manifest_load(krait_pack *pack, const char *json, size_t size, krait_error *err)
{
    krait_status status = KRAIT_OK;
    krait_bytes text = {0};
    krait_json place;

    if (krait__pack_json_find(&place, json, size, "components") &&
        krait__pack_json_enter(&place, '[')) {
        do {
            krait_component component = {{NULL}};

            read_component(&place, &component, &text);
            if (component.texts[0] != NULL && !place.has_failed)
                status = add(pack, &component, err);
            else
                release_component(&component);
        } while (status == KRAIT_OK && !place.has_failed && krait__pack_json_more(&place, ']'));
    }
    krait__pack_bytes_release(&text);
    return status;
}

/* ---- writing ------------------------------------------------------------------------------ */

static void
put_key(krait_bytes *to, const char *name)
{
    krait__pack_json_put(to, name);
    krait__pack_bytes_text(to, ": ");
}

static void
put_number(krait_bytes *to, const char *name, uint64_t value, const char *after)
{
    char text[32];

    put_key(to, name);
    snprintf(text, sizeof(text), "%" PRIu64 "%s", value, after);
    krait__pack_bytes_text(to, text);
}

static void
put_text(krait_bytes *to, const char *name, const char *value, const char *after)
{
    put_key(to, name);
    krait__pack_json_put(to, value);
    krait__pack_bytes_text(to, after);
}

static void
put_strings(krait_bytes *to, const char *name, const krait_strings *strings, const char *after)
{
    put_key(to, name);
    krait__pack_bytes_byte(to, '[');
    for (size_t i = 0; i < strings->count; i++) {
        if (i > 0)
            krait__pack_bytes_text(to, ", ");
        krait__pack_json_put(to, strings->items[i]);
    }
    krait__pack_bytes_text(to, "]");
    krait__pack_bytes_text(to, after);
}

static const char *
or_empty(const char *text)
{
    return text != NULL ? text : "";
}

static int
compare(const void *a, const void *b)
{
    const krait_component *left = a;
    const krait_component *right = b;
    int order = strcmp(or_empty(left->texts[PLACE]), or_empty(right->texts[PLACE]));

    return order != 0 ? order : strcmp(or_empty(left->texts[0]), or_empty(right->texts[0]));
}

static void
put_component(krait_bytes *to, const krait_component *component)
{
    const char *before = "\n    {";

    for (unsigned i = 0; i < FIELDS; i++) {
        if (component->texts[i] == NULL)
            continue;
        krait__pack_bytes_text(to, before);
        put_text(to, field_names[i], component->texts[i], "");
        before = ", ";
    }
    krait__pack_bytes_text(to, "}");
}

static void
hash_text(const void *text, size_t size, char ret_text[2 * KRAIT_SHA256_SIZE + 1])
{
    uint8_t digest[KRAIT_SHA256_SIZE];

    krait__sha256(text, size, digest);
    for (size_t i = 0; i < sizeof(digest); i++)
        snprintf(ret_text + 2 * i, 3, "%02x", digest[i]);
}

/* The last field: versions and licences are altered as easily as files. */
static void
put_seal(krait_bytes *to)
{
    char text[2 * KRAIT_SHA256_SIZE + 1];

    if (to->has_failed)
        return;
    hash_text(to->data, to->size, text);
    krait__pack_bytes_text(to, SEAL);
    krait__pack_bytes_text(to, text);
    krait__pack_bytes_text(to, SEAL_END);
}

krait_status
krait__pack_manifest_verify(const krait_pack *pack, krait_error *err)
{
    char end[sizeof(SEAL) + 2 * (size_t)KRAIT_SHA256_SIZE + sizeof(SEAL_END)];
    char hash[2 * KRAIT_SHA256_SIZE + 1];
    size_t size = 0;
    const char *text = krait_pack_manifest(pack, &size);
    size_t length = sizeof(end) - 2; /* without the NULs of both */

    if (text != NULL && size > length) {
        hash_text(text, size - length, hash);
        snprintf(end, sizeof(end), SEAL "%s" SEAL_END, hash);
        if (memcmp(text + size - length, end, length) == 0)
            return KRAIT_OK;
    }
    return krait__error_set(err, KRAIT_EFORMAT, 0, "'%s': its manifest is not as it was written",
                            pack->path);
}

krait_status
krait__pack_manifest_make(const krait_pack *pack, const krait_pack_summary *summary,
                          const char *image_sha256, const char *program_sha256,
                          krait_bytes *ret_json, krait_error *err)
{
    krait_bytes *to = ret_json;

    if (pack->component_count > 0)
        qsort(pack->components, pack->component_count, sizeof(*pack->components), compare);
    krait__pack_bytes_text(to, "{\n  ");
    put_number(to, "format", KRAIT_PACK_VERSION, ",\n  ");
    put_text(to, "made_by", "krait " KRAIT_VERSION_TEXT, ",\n  ");
    put_text(to, "program_sha256", program_sha256, ",\n  ");
    put_text(to, "image_sha256", image_sha256, ",\n  ");
    put_number(to, "image_bytes", summary->image, ",\n  ");
    put_number(to, "files", summary->files, ",\n  ");
    put_number(to, "directories", summary->directories, ",\n  ");
    put_number(to, "links", summary->links, ",\n  ");
    put_number(to, "bytes", summary->contents, ",\n  ");
    put_strings(to, "argv", &pack->argv, ",\n  ");
    put_strings(to, "env", &pack->env, ",\n  ");
    put_number(to, "writable_bytes", pack->memory_limit, ",\n  ");
    if (pack->module.size > 0) {
        char hash[2 * KRAIT_SHA256_SIZE + 1];

        hash_text(pack->module.data, pack->module.size, hash);
        put_text(to, "module_sha256", hash, ",\n  ");
    }
    put_key(to, "components");
    krait__pack_bytes_text(to, "[");
    for (size_t i = 0; i < pack->component_count; i++) {
        if (i > 0)
            krait__pack_bytes_text(to, ",");
        put_component(to, &pack->components[i]);
    }
    krait__pack_bytes_text(to, pack->component_count > 0 ? "\n  ]" : "]");
    put_seal(to);
    return to->has_failed ? krait__error_nomem(err) : KRAIT_OK;
}
