/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Folders: their files in the order of the bytes of their names, folders among them.
 *
 * Links to files are followed, links to folders are not: so there are no loops.  FIFOs, sockets and
 * devices are left out, and nothing is opened to find out what it is.
 */
#include "inputs.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Names of one folder: a type and the name with a NUL, each. */
typedef struct folder_names {
    proc_buffer bytes;
    proc_buffer offsets; /* size_t each */
} folder_names;

static bool
add_name(folder_names *names, const struct dirent *entry)
{
    const size_t offset = names->bytes.size;

    return proc_buffer_put_byte(&names->bytes, entry->d_type) &&
           proc_buffer_put(&names->bytes, entry->d_name, strlen(entry->d_name) + 1) &&
           proc_buffer_put(&names->offsets, &offset, sizeof(offset));
}

static int
compare(const void *a, const void *b, void *data)
{
    const char *bytes = data;
    size_t first;
    size_t second;

    memcpy(&first, a, sizeof(first));
    memcpy(&second, b, sizeof(second));
    return strcmp(bytes + first + 1, bytes + second + 1);
}

/* 0, or errno. */
static int
list(const char *path, folder_names *names)
{
    DIR *folder = opendir(path);
    const struct dirent *entry;
    int number = 0;

    if (folder == NULL)
        return errno;
    for (;;) {
        errno = 0;
        entry = readdir(folder);
        if (entry == NULL)
            break;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (!add_name(names, entry)) {
            errno = ENOMEM;
            break;
        }
    }
    number = errno;
    (void)closedir(folder);
    if (number == 0 && names->offsets.size != 0)
        qsort_r(names->offsets.bytes, names->offsets.size / sizeof(size_t), sizeof(size_t), compare,
                names->bytes.bytes);
    return number;
}

/* The database itself, and what SQLite puts beside it. */
static bool
is_output(const proc_inputs *inputs, const char *folder, const char *name)
{
    static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
    const char *slash = inputs->output != NULL ? strrchr(inputs->output, '/') : NULL;
    const char *base = slash != NULL ? slash + 1 : inputs->output;
    struct stat status;
    bool is_like = false;
    char *path;

    if (base == NULL || strncmp(name, base, strlen(base)) != 0)
        return false;
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
        is_like = is_like || strcmp(name + strlen(base), endings[i]) == 0;
    if (!is_like || asprintf(&path, "%s/%s", folder, base) < 0)
        return false;
    is_like = stat(path, &status) == 0 && status.st_dev == inputs->output_device &&
              status.st_ino == inputs->output_inode;
    free(path);
    return is_like;
}

static void
leave_out(proc_inputs *inputs, const char *path, const char *why)
{
    inputs->left_out++;
    proc_inputs_note(inputs, "'%s' %s: left out", path, why);
}

static void
take_entry(proc_inputs *inputs, const char *path, unsigned char type)
{
    struct stat status;

    if (type == DT_UNKNOWN && lstat(path, &status) == 0)
        type = (unsigned char)IFTODT(status.st_mode);
    /* A link that leads nowhere is a document that cannot be read. */
    if (type == DT_LNK) {
        type = stat(path, &status) == 0 ? (unsigned char)IFTODT(status.st_mode) : DT_REG;
        if (type == DT_DIR) {
            leave_out(inputs, path, "is a link to a folder");
            return;
        }
    }
    if (type == DT_DIR)
        proc_inputs_folder(inputs, path);
    else if (type != DT_REG && type != DT_UNKNOWN)
        leave_out(inputs, path, "is no regular file");
    else if (!inputs->opens_archives || !proc_inputs_archive(inputs, path, NULL))
        proc_inputs_put(inputs, proc_item_new(path, 0, NULL));
}

void
proc_inputs_folder(proc_inputs *inputs, const char *path)
{
    folder_names names = {{NULL, 0, 0}, {NULL, 0, 0}};
    const int number = list(path, &names);
    size_t size = strlen(path);
    char text[128];

    if (number != 0) {
        snprintf(text, sizeof(text), "cannot read the folder: %s", strerror(number));
        proc_inputs_put(inputs, proc_item_new(path, 0, text));
    }
    while (size > 1 && path[size - 1] == '/')
        size--;
    for (size_t i = 0; number == 0 && i < names.offsets.size && !inputs->is_over;
         i += sizeof(size_t)) {
        const char *name;
        size_t offset;
        char *full;

        memcpy(&offset, names.offsets.bytes + i, sizeof(offset));
        name = (const char *)names.bytes.bytes + offset + 1;
        if (is_output(inputs, path, name))
            continue;
        if (asprintf(&full, "%.*s%s%s", (int)size, path, size == 1 && *path == '/' ? "" : "/",
                     name) < 0) {
            inputs->is_over = inputs->has_failed = true;
            break;
        }
        take_entry(inputs, full, names.bytes.bytes[offset]);
        free(full);
    }
    proc_buffer_release(&names.bytes);
    proc_buffer_release(&names.offsets);
}
