/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scan: paths to items, many at a time into the queue.
 */
#include "inputs.h"

#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PENDING_MAX   128u
#define PENDING_BYTES (UINT64_C(4) << 20)

void
proc_inputs_note(proc_inputs *inputs, const char *fmt, ...)
{
    char text[512];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (inputs->note != NULL)
        inputs->note(inputs->note_data, text);
}

void
proc_inputs_flush(proc_inputs *inputs)
{
    if (inputs->pending_count != 0 && !proc_queue_put_roots(inputs->queue, inputs->pending))
        inputs->is_over = true;
    inputs->pending = NULL;
    inputs->last_pending = &inputs->pending;
    inputs->pending_count = 0;
    inputs->pending_bytes = 0;
}

void
proc_inputs_put(proc_inputs *inputs, proc_item *item)
{
    int is_new;

    if (item == NULL) {
        inputs->is_over = inputs->has_failed = true;
        return;
    }
    is_new = proc_paths_add(&inputs->seen, item->path, strlen(item->path));
    if (is_new < 0)
        inputs->is_over = inputs->has_failed = true;
    if (is_new > 0 && inputs->done != NULL)
        item->before = proc_done_find(inputs->done, item->path, strlen(item->path));
    if (item->before != NULL && inputs->done->by_path) {
        inputs->resumed++;
        is_new = 0;
    }
    if (is_new <= 0) {
        proc_item_free(item);
        return;
    }
    *inputs->last_pending = item;
    inputs->last_pending = &item->next;
    inputs->pending_count++;
    inputs->pending_bytes += item->size;
    inputs->found++;
    if (inputs->pending_count >= PENDING_MAX || inputs->pending_bytes >= PENDING_BYTES)
        proc_inputs_flush(inputs);
}

/* ARCHIVE!MEMBER: the first part that is a file.  False: there is none. */
static bool
member(proc_inputs *inputs, const char *path)
{
    char *copy = strdup(path);
    bool is_done = false;

    if (copy == NULL) {
        inputs->is_over = inputs->has_failed = true;
        return true;
    }
    for (char *mark = strchr(copy, '!'); mark != NULL && !is_done; mark = strchr(mark + 1, '!')) {
        struct stat status;

        *mark = '\0';
        if (stat(copy, &status) == 0 && S_ISREG(status.st_mode)) {
            if (!proc_inputs_archive(inputs, copy, mark[1] != '\0' ? mark + 1 : NULL))
                proc_inputs_put(inputs, proc_item_new(path, 0,
                                                      "cannot read: it is in no tar or "
                                                      "zip archive"));
            is_done = true;
        }
        *mark = '!';
    }
    free(copy);
    return is_done;
}

void
proc_inputs_path(proc_inputs *inputs, const char *path)
{
    struct stat status;

    if (stat(path, &status) != 0) {
        const int number = errno;

        /* A document that cannot be had is a failed one: the worker says why. */
        if ((number != ENOENT && number != ENOTDIR) || !member(inputs, path))
            proc_inputs_put(inputs, proc_item_new(path, 0, NULL));
    } else if (S_ISDIR(status.st_mode)) {
        proc_inputs_folder(inputs, path);
    } else if (!S_ISREG(status.st_mode)) {
        inputs->left_out++;
        proc_inputs_note(inputs, "'%s' is no regular file: left out", path);
    } else if (!inputs->opens_archives || !proc_inputs_archive(inputs, path, NULL)) {
        proc_inputs_put(inputs, proc_item_new(path, 0, NULL));
    }
}

static void
read_list(proc_inputs *inputs)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size;

    while (!inputs->is_over && (size = getline(&line, &capacity, inputs->list)) >= 0) {
        if (size > 0 && line[size - 1] == '\n')
            line[--size] = '\0';
        if (size == 0)
            continue;
        if (strlen(line) != (size_t)size) {
            inputs->left_out++;
            proc_inputs_note(inputs, "a line with a NUL is no path: left out");
            continue;
        }
        proc_inputs_path(inputs, line);
        /* Whoever writes the list may be slow. */
        proc_inputs_flush(inputs);
    }
    free(line);
}

krait_status
proc_inputs_check(const proc_inputs *inputs, krait_error *err)
{
    for (size_t i = 0; i < inputs->count; i++) {
        const char *path = inputs->paths[i];
        struct stat status;

        if (strcmp(path, "-") == 0 || strchr(path, '!') != NULL || stat(path, &status) == 0)
            continue;
        return krait__error_set(err, errno == ENOENT ? KRAIT_ENOTFOUND : KRAIT_EIO, errno,
                                "cannot read the input '%s'", path);
    }
    return KRAIT_OK;
}

void
proc_inputs_scan(proc_inputs *inputs)
{
    inputs->last_pending = &inputs->pending;
    for (size_t i = 0; i < inputs->count && !inputs->is_over; i++) {
        if (strcmp(inputs->paths[i], "-") == 0)
            read_list(inputs);
        else
            proc_inputs_path(inputs, inputs->paths[i]);
    }
    if (!inputs->is_over)
        proc_inputs_flush(inputs);
    proc_items_abandon(inputs->pending);
    inputs->pending = NULL;
    proc_paths_release(&inputs->seen);
    if (inputs->has_failed)
        proc_queue_stop(inputs->queue);
    proc_queue_close(inputs->queue);
}
