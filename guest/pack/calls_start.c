/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arguments and environment: what the host gives, and what was packed (docs/pack-format.md, "How
 * the program starts"). A host may have no arguments at all; then the program's name is "program".
 */
#include "state.h"

#include <stdlib.h>
#include <string.h>

#define SWITCH "KRAIT_PACK_START="

/* Strings as args_get and environ_get have them: one list of addresses, one block of bytes. */
typedef struct strings {
    uint32_t *list;
    char *bytes;
    uint32_t count;
    uint32_t size;
} strings;

typedef int32_t getter(int32_t, int32_t);

static int
read_host(getter *sizes, getter *get, strings *ret)
{
    int32_t rc = sizes(pack_result(&ret->count), pack_result(&ret->size));

    ret->list = NULL;
    ret->bytes = NULL;
    if (rc != PACK_OK) {
        return rc;
    }
    ret->list = calloc((size_t)ret->count + 1, sizeof(*ret->list));
    ret->bytes = calloc((size_t)ret->size + 1, 1);
    if (ret->list == NULL || ret->bytes == NULL) {
        rc = PACK_ENOMEM;
    } else if (ret->count > 0) { /* a host without any may refuse to give them */
        rc = get(pack_result(ret->list), pack_result(ret->bytes));
    }
    if (rc != PACK_OK) {
        free(ret->list);
        free(ret->bytes);
    }
    return rc;
}

static void
release(strings *s)
{
    free(s->list);
    free(s->bytes);
}

static const char *
text_of(const strings *s, uint32_t i)
{
    return (const char *)(uintptr_t)s->list[i];
}

/* Counts strings, and writes them when there is a place for them. */
typedef struct writer {
    uint32_t *list; /* NULL: only count */
    char *bytes;
    uint32_t count;
    uint32_t size;
} writer;

static void
put(writer *w, const char *text)
{
    uint32_t len = (uint32_t)strlen(text) + 1;

    if (w->list != NULL) {
        w->list[w->count] = (uint32_t)pack_address(w->bytes + w->size);
        memcpy(w->bytes + w->size, text, len);
    }
    w->count++;
    w->size += len;
}

static bool
is_same_variable(const char *a, const char *b)
{
    size_t len = strcspn(a, "=") + 1;

    return strncmp(a, b, len) == 0;
}

static int
write_environ(writer *w)
{
    const krait_pack_image *image = &krait_pack_get()->tree.image;
    strings host;
    int rc = read_host(krait_pack_real_environ_sizes_get, krait_pack_real_environ_get, &host);

    if (rc != PACK_OK) {
        return rc;
    }
    for (uint32_t i = 0; i < host.count; i++) {
        put(w, text_of(&host, i));
    }
    for (uint32_t i = 0; i < image->header.env_count; i++) {
        const char *text = krait_pack_image_string(image, image->header.env,
                                                   image->header.env_count, i);
        uint32_t k = 0;

        if (text == NULL) {
            break;
        }
        while (k < host.count && !is_same_variable(text, text_of(&host, k))) {
            k++;
        }
        if (k == host.count) {
            put(w, text);
        }
    }
    release(&host);
    return PACK_OK;
}

static bool
is_started_plainly(void)
{
    strings host;
    bool plainly = false;

    if (read_host(krait_pack_real_environ_sizes_get, krait_pack_real_environ_get, &host) ==
        PACK_OK) {
        for (uint32_t i = 0; i < host.count; i++) {
            plainly |= strcmp(text_of(&host, i), SWITCH "0") == 0;
        }
        release(&host);
    }
    return plainly;
}

static int
write_args(writer *w)
{
    const krait_pack_image *image = &krait_pack_get()->tree.image;
    uint32_t count = is_started_plainly() ? 0 : image->header.argv_count;
    strings host;
    int rc = read_host(krait_pack_real_args_sizes_get, krait_pack_real_args_get, &host);

    if (rc != PACK_OK) {
        return rc;
    }
    if (host.count > 0 || count > 0) {
        put(w, host.count > 0 ? text_of(&host, 0) : "program");
    }
    for (uint32_t i = 0; i < count; i++) {
        const char *text = krait_pack_image_string(image, image->header.argv,
                                                   image->header.argv_count, i);

        if (text == NULL) {
            break;
        }
        put(w, text);
    }
    for (uint32_t i = 1; i < host.count; i++) {
        put(w, text_of(&host, i));
    }
    release(&host);
    return PACK_OK;
}

static int32_t
give_sizes(int (*write)(writer *), int32_t count, int32_t size)
{
    writer w = {NULL, NULL, 0, 0};
    int rc = write(&w);

    if (rc == PACK_OK) {
        memcpy(pack_at(count), &w.count, sizeof(w.count));
        memcpy(pack_at(size), &w.size, sizeof(w.size));
    }
    return rc;
}

int32_t
PACK_OWN(args_sizes_get)(int32_t count, int32_t size)
{
    return krait_pack_is_packed() ? give_sizes(write_args, count, size)
                                  : krait_pack_real_args_sizes_get(count, size);
}

int32_t
PACK_OWN(args_get)(int32_t list, int32_t bytes)
{
    writer w = {pack_at(list), pack_at(bytes), 0, 0};

    return krait_pack_is_packed() ? write_args(&w) : krait_pack_real_args_get(list, bytes);
}

int32_t
PACK_OWN(environ_sizes_get)(int32_t count, int32_t size)
{
    return krait_pack_is_packed() ? give_sizes(write_environ, count, size)
                                  : krait_pack_real_environ_sizes_get(count, size);
}

int32_t
PACK_OWN(environ_get)(int32_t list, int32_t bytes)
{
    writer w = {pack_at(list), pack_at(bytes), 0, 0};

    return krait_pack_is_packed() ? write_environ(&w) : krait_pack_real_environ_get(list, bytes);
}
