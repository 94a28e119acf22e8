/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Roots of an earlier run, found by their paths: open addressing, three quarters full at most.
 */
#include "done.h"

#include <stdlib.h>
#include <string.h>

static int
digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The first 16 bytes; a uuid has "-" between some of them.  False: there are not so many digits. */
static bool
read_digits(const char *text, uint8_t bytes[16])
{
    for (size_t i = 0; i < 16; i++) {
        int high;
        int low;

        if (*text == '-')
            text++;
        high = digit(text[0]);
        low = high < 0 ? -1 : digit(text[1]);
        if (low < 0)
            return false;
        bytes[i] = (uint8_t)(high << 4 | low);
        text += 2;
    }
    return true;
}

/* Where it is, or would be. */
static proc_done_root *
slot_of(const proc_done *done, proc_path_key key)
{
    size_t at = (size_t)key.half[1] & (done->capacity - 1);

    while (done->slots[at].path.half[0] != 0 && (done->slots[at].path.half[0] != key.half[0] ||
                                                 done->slots[at].path.half[1] != key.half[1]))
        at = (at + 1) & (done->capacity - 1);
    return &done->slots[at];
}

static bool
grow(proc_done *done)
{
    proc_done larger = *done;

    larger.capacity = done->capacity == 0 ? 1024 : done->capacity * 2;
    larger.slots = calloc(larger.capacity, sizeof(larger.slots[0]));
    if (larger.slots == NULL)
        return false;
    for (size_t i = 0; i < done->capacity; i++) {
        if (done->slots[i].path.half[0] != 0)
            *slot_of(&larger, done->slots[i].path) = done->slots[i];
    }
    free(done->slots);
    *done = larger;
    return true;
}

int
proc_done_add(proc_done *done, const void *path, size_t size, const char *uuid, const char *sha256)
{
    proc_done_root root = {.path = proc_path_key_of(path, size)};

    if (uuid == NULL || strlen(uuid) != PROC_UUID_SIZE || !read_digits(uuid, root.uuid) ||
        (sha256 != NULL && !read_digits(sha256, root.content)))
        return 0;
    if (done->count >= done->capacity / 4 * 3 && !grow(done))
        return -1;
    *slot_of(done, root.path) = root;
    done->count++;
    return 1;
}

const proc_done_root *
proc_done_find(const proc_done *done, const void *path, size_t size)
{
    const proc_done_root *slot;

    if (done->count == 0)
        return NULL;
    slot = slot_of(done, proc_path_key_of(path, size));
    return slot->path.half[0] != 0 ? slot : NULL;
}

bool
proc_done_was_read(const proc_done_root *root)
{
    static const uint8_t none[sizeof(root->content)];

    return memcmp(root->content, none, sizeof(none)) != 0;
}

bool
proc_done_is_same(const proc_done_root *root, const char *sha256)
{
    uint8_t content[16];

    return read_digits(sha256, content) && memcmp(content, root->content, sizeof(content)) == 0;
}

void
proc_done_uuid(const proc_done_root *root, char ret_text[PROC_UUID_SIZE + 1])
{
    static const uint8_t parts[] = {4, 2, 2, 2, 6};
    const uint8_t *at = root->uuid;

    for (size_t i = 0; i < sizeof(parts); i++) {
        if (i != 0)
            *ret_text++ = '-';
        proc_hexadecimal(at, parts[i], ret_text);
        ret_text += 2 * (size_t)parts[i];
        at += parts[i];
    }
}

void
proc_done_release(proc_done *done)
{
    free(done->slots);
    *done = (proc_done){.slots = NULL};
}
