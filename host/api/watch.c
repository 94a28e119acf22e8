/* SPDX-License-Identifier: Apache-2.0 */
/*
 * krait_config_watch_files of config.h: directories whose files the embedder gets.  host/vfs/watch.c
 * says when.
 */
#include "api/internal.h"

#include "base/alloc.h"
#include "base/error.h"

#include <string.h>

enum { MAX_WATCHES = 16 };

void
krait__config_free_watches(krait_config *config)
{
    for (size_t i = 0; i < config->watch_count; i++)
        krait__free(config->watches[i].path);
    krait__free(config->watches);
}

static void
forget(krait_config *config, size_t index)
{
    if (index == config->watch_count)
        return;
    krait__free(config->watches[index].path);
    memmove(&config->watches[index], &config->watches[index + 1],
            (config->watch_count - index - 1) * sizeof(config->watches[0]));
    config->watch_count--;
}

krait_status
krait_config_watch_files(krait_config *config, const char *directory, krait_file_fn function,
                         void *data, krait_error *err)
{
    krait_vfs_watch watch = {.take = function, .data = data};
    size_t i = 0;

    if (config == NULL || directory == NULL)
        return krait__error_set(err, KRAIT_EINVAL, 0, "an argument is NULL");
    if (directory[0] != '/')
        return krait__error_set(err, KRAIT_EINVAL, 0, "guest path '%s' is not absolute", directory);
    while (i < config->watch_count && strcmp(config->watches[i].path, directory) != 0)
        i++;
    if (function == NULL) {
        forget(config, i);
        return KRAIT_OK;
    }
    if (i < config->watch_count) {
        config->watches[i].take = function;
        config->watches[i].data = data;
        return KRAIT_OK;
    }
    if (config->watch_count >= MAX_WATCHES)
        return krait__error_set(err, KRAIT_ELIMIT, 0, "more than %d watched directories",
                                MAX_WATCHES);
    watch.path = krait__strdup(directory);
    if (watch.path == NULL ||
        krait__grow(&config->watches, config->watch_count, &config->watch_capacity, sizeof(watch),
                    MAX_WATCHES) != 0) {
        krait__free(watch.path);
        return krait__error_nomem(err);
    }
    config->watches[config->watch_count++] = watch;
    return KRAIT_OK;
}
