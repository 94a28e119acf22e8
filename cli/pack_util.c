/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists, paths and files for krait pack.
 */
#include "pack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void
pack_message(const pack_request *request, const char *fmt, ...)
{
    char text[4608];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    cli_message("%s: %s", request->command, text);
}

void
pack_list_add(pack_list *list, const char *text)
{
    /* A power of two is full. */
    if ((list->count & (list->count - 1)) == 0) {
        size_t capacity = list->count == 0 ? 1 : 2 * list->count;

        list->items = cli_need(realloc(list->items, capacity * sizeof(*list->items)));
    }
    list->items[list->count++] = cli_need(strdup(text));
}

void
pack_list_release(pack_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    list->items = NULL;
    list->count = 0;
}

bool
pack_is_below(const char *path, const char *folder)
{
    size_t size = strlen(folder);

    return strncmp(path, folder, size) == 0 && (path[size] == '/' || path[size] == '\0');
}

bool
pack_ends_with(const char *text, const char *ending)
{
    size_t size = strlen(text);
    size_t length = strlen(ending);

    return size >= length && strcmp(text + size - length, ending) == 0;
}

bool
pack_path(char *path, size_t size, const char *fmt, ...)
{
    va_list args;
    int length;

    va_start(args, fmt);
    length = vsnprintf(path, size, fmt, args);
    va_end(args);
    if (length >= 0 && (size_t)length < size)
        return true;
    cli_message("a path is too long: '%.200s...'", path);
    return false;
}

static int
add_file(void *data, const krait_pack_item *item)
{
    if (item->kind == KRAIT_PACK_FILE)
        pack_list_add(data, item->path);
    return 0;
}

pack_list
pack_files(krait_pack *pack)
{
    pack_list list = {NULL, 0};

    krait_pack_list(pack, add_file, &list);
    return list;
}

bool
pack_exists(krait_pack *pack, const char *path, krait_pack_kind *ret_kind)
{
    krait_pack_item item;

    if (!krait_pack_find(pack, path, &item))
        return false;
    if (ret_kind != NULL)
        *ret_kind = item.kind;
    return true;
}

bool
pack_is_small(krait_pack *pack, const char *path)
{
    krait_pack_item item;

    return !krait_pack_find(pack, path, &item) || item.size <= 64u << 20;
}

static bool
read_all(int fd, char *text, size_t size)
{
    while (size > 0) {
        ssize_t done = read(fd, text, size);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0) {
            errno = done == 0 ? EIO : errno;
            return false;
        }
        text += done;
        size -= (size_t)done;
    }
    return true;
}

int
pack_read_host(const char *path, char **ret_text, size_t *ret_size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat status;
    char *text;

    if (fd < 0 || fstat(fd, &status) != 0) {
        cli_message("cannot open '%s': %s", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return KRAIT_EXIT_MISSING;
    }
    if (!S_ISREG(status.st_mode) || status.st_size > 1 << 30) {
        cli_message("'%s' is no file of at most 1 GiB", path);
        close(fd);
        return KRAIT_EXIT_REFUSED;
    }
    text = cli_need(malloc((size_t)status.st_size + 1));
    if (!read_all(fd, text, (size_t)status.st_size)) {
        cli_message("cannot read '%s': %s", path, strerror(errno));
        free(text);
        close(fd);
        return KRAIT_EXIT_REFUSED;
    }
    close(fd);
    text[status.st_size] = '\0';
    *ret_text = text;
    *ret_size = (size_t)status.st_size;
    return 0;
}
