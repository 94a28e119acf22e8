/* SPDX-License-Identifier: Apache-2.0 */
/*
 * As much JSON (RFC 8259) as the manifest needs: texts of the outermost object, and an array of objects
 * with texts.  What is malformed ends the reading; nothing is trusted.
 */
#ifndef KRAIT_PACK_JSON_H
#define KRAIT_PACK_JSON_H

#include "pack/buffer.h"

/* The text of a key of the outermost object; false: it is not there, no text, or does not fit. */
bool krait__pack_json_text(const char *json, size_t size, const char *key, char *text,
                           size_t capacity);

/* A place in a text. */
typedef struct krait_json {
    const char *at;
    const char *end;
    bool has_failed;
} krait_json;

/* Before the value of a key of the outermost object; false: there is none. */
bool krait__pack_json_find(krait_json *json, const char *text, size_t size, const char *key);
/* Into an array or object: true when something is in it, or follows. `open` is '[' or '{'. */
bool krait__pack_json_enter(krait_json *json, char open);
bool krait__pack_json_more(krait_json *json, char close);
/* A key with its colon; a text.  The buffer is emptied first and ends with a NUL. */
bool krait__pack_json_key(krait_json *json, krait_bytes *text);
bool krait__pack_json_string(krait_json *json, krait_bytes *text);
/* Over any value. */
void krait__pack_json_skip(krait_json *json);

/* A text in quotes. `text` is UTF-8; control characters are escaped. */
void krait__pack_json_put(krait_bytes *to, const char *text);

#endif /* KRAIT_PACK_JSON_H */
