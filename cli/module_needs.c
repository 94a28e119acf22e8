/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether what --deps gave has what the project names: distributions are compared by their normalised
 * names (packaging.python.org, "Names and normalization"), versions are not.
 */
#include "module.h"

#include <stdlib.h>
#include <string.h>

static bool
is_name_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
}

/* "Nice.Thing" and "nice__thing" are both "nice-thing". */
static void
normalise(const char *from, size_t size, char *to, size_t room)
{
    size_t used = 0;

    for (size_t i = 0; i < size && used + 1 < room; i++) {
        bool is_between = from[i] == '-' || from[i] == '_' || from[i] == '.';

        if (is_between && used > 0 && to[used - 1] == '-')
            continue;
        to[used++] = (char)(is_between                         ? '-'
                            : from[i] >= 'A' && from[i] <= 'Z' ? from[i] - 'A' + 'a'
                                                               : from[i]);
    }
    to[used] = '\0';
}

typedef struct search {
    char wanted[256];
    bool is_found;
} search;

/* /app/NAME-VERSION.dist-info: names have no "-" there. */
static int
look(void *data, const krait_pack_item *item)
{
    search *state = data;
    const char *name = item->path + sizeof(PACK_APP);
    char found[256];

    if (item->kind != KRAIT_PACK_DIRECTORY ||
        strncmp(item->path, PACK_APP "/", sizeof(PACK_APP)) != 0 || strchr(name, '/') != NULL ||
        !pack_ends_with(name, ".dist-info"))
        return 0;
    normalise(name, strcspn(name, "-"), found, sizeof(found));
    state->is_found = strcmp(found, state->wanted) == 0;
    return state->is_found;
}

int
module_check_needs(pack_request *request)
{
    const pack_list *wanted = &request->document.wanted;

    if (request->document.wheels.path != NULL)
        return 0;
    for (size_t i = 0; i < wanted->count; i++) {
        const char *text = wanted->items[i];
        search state = {"", false};
        size_t size = 0;

        while (is_name_character(text[size]))
            size++;
        normalise(text, size, state.wanted, sizeof(state.wanted));
        krait_pack_list(request->pack, look, &state);
        /* A marker may say that it is not for this Python, and a folder need not have metadata. */
        if (!state.is_found)
            pack_message(request, "nothing in --deps says that it is '%s', which '%s' needs", text,
                         request->subject);
    }
    return 0;
}
