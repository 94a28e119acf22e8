/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What pip may be asked for (packaging.python.org, "Dependency specifiers"): a name with extras, versions and
 * markers, or the address of a wheel.
 *
 * pip takes a path, an archive in the current folder, or an address of sources just as gladly, and builds them:
 * a project from a stranger would run its code here.  So all that pip could take for one of these is refused.
 */
#include "module.h"

#include <string.h>
#include <strings.h>

#define LETTERS    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define BLANKS     " \t"
#define IN_NAMES   LETTERS "._-"
#define IN_EXTRAS  IN_NAMES "," BLANKS
#define IN_VERSION IN_NAMES "*+!<>=~()," BLANKS

/* True for what ends as an archive: pip looks for a file of that name. */
static bool
is_archive(const char *text, size_t size)
{
    static const char *const endings[] = {".whl", ".zip", ".tar", ".gz",  ".bz2",  ".xz",
                                          ".lz",  ".tgz", ".tbz", ".txz", ".lzma", ".tlz"};

    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        size_t length = strlen(endings[i]);

        if (size >= length && strncasecmp(text + size - length, endings[i], length) == 0)
            return true;
    }
    return false;
}

static size_t
without_blanks(const char *text, size_t size)
{
    while (size > 0 && strchr(BLANKS, text[size - 1]) != NULL)
        size--;
    return size;
}

/* Where the name and the extras end; NULL: there is no name. */
static const char *
skip_name(const char *text)
{
    size_t size;

    if (text[0] == '\0' || strchr(LETTERS, text[0]) == NULL)
        return NULL;
    text += strspn(text, IN_NAMES);
    text += strspn(text, BLANKS);
    if (*text != '[')
        return text;
    size = 1 + strspn(text + 1, IN_EXTRAS);
    return text[size] == ']' ? text + size + 1 + strspn(text + size + 1, BLANKS) : NULL;
}

bool
module_is_requirement(const char *text)
{
    const char *rest = skip_name(text);
    size_t size = without_blanks(text, strcspn(text, ";"));

    if (rest == NULL)
        return false;
    if (*rest == '@')
        return true;
    rest += strspn(rest, IN_VERSION);
    if (*rest != '\0' && *rest != ';')
        return false;
    /* It takes extras away before it looks for a file. */
    if (size > 0 && text[size - 1] == ']')
        size = without_blanks(text, strcspn(text, "["));
    return !is_archive(text, size);
}

/* NAME.whl, with no more than the names of wheels have: neither a "/" nor a "?" that are hidden in "%2F" and the
 * like, nor nothing before the ending, which pip takes for sources. */
static bool
is_wheel_name(const char *name, size_t size)
{
    static const char others[] = LETTERS "._-+!~";

    if (size <= 4 || strncmp(name + size - 4, ".whl", 4) != 0 || strchr(LETTERS, name[0]) == NULL)
        return false;
    for (size_t i = 0; i < size; i++) {
        bool is_plus = size - i > 2 && strncasecmp(name + i, "%2b", 3) == 0;

        if (!is_plus && strchr(others, name[i]) == NULL)
            return false;
        i += is_plus ? 2 : 0;
    }
    return true;
}

bool
module_names_sources(const char *text)
{
    static const char *const schemes[] = {"https://", "http://", "file://"};
    const char *at = skip_name(text);
    const char *host = NULL;
    const char *name = NULL;
    size_t size;

    if (at == NULL || *at != '@')
        return false;
    at += 1 + strspn(at + 1, BLANKS);
    size = strcspn(at, BLANKS ";#");
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        if (strncmp(at, schemes[i], strlen(schemes[i])) == 0)
            host = at + strlen(schemes[i]);
    }
    for (const char *p = host; p != NULL && p < at + size; p++) {
        if (*p == '?' || *p == '\\' || strncmp(p, "/..", 3) == 0)
            return true;
        name = *p == '/' ? p + 1 : name;
    }
    return name == NULL || !is_wheel_name(name, (size_t)(at + size - name));
}
