/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One of the user's images for one run.
 *
 * Each run picks one at random.  When that one is missing or too old, another takes its place, and
 * now and then the run makes the one that it had picked: so no run makes more than one, and those
 * that follow each other closely make none.
 */
#include "images.h"

#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Seconds between two that make an image: while there is another one, and while there is none
 * (the last who tried may have failed). */
#define PACE_OTHERS 60
#define PACE_FIRST  5

static unsigned
random_slot(void)
{
    unsigned char byte = 0;

    if (getrandom(&byte, 1, GRND_NONBLOCK) != 1)
        byte = (unsigned char)(getpid() & 255);
    return byte % CLI_IMAGE_COUNT;
}

static bool
open_slot(const cli_images *images, unsigned slot, krait_engine *engine, krait_module **ret_module,
          krait_snapshot **ret_snapshot)
{
    char *path = cli_images_path(images, slot);
    krait_module *module = NULL;
    krait_snapshot *snapshot = NULL;
    krait_snapshot_info info;
    bool opened = krait_python_open_snapshot(engine, images->runtime, NULL, path, &module,
                                             &snapshot, NULL) == KRAIT_OK;

    free(path);
    if (!opened)
        return false;
    krait_snapshot_describe(snapshot, &info);
    if (info.kind == KRAIT_SNAPSHOT_PROGRAM && cli_images_age(images, &info) == NULL) {
        *ret_module = module;
        *ret_snapshot = snapshot;
        return true;
    }
    krait_snapshot_free(snapshot);
    krait_module_close(module);
    return false;
}

/* True when nobody has made one, or tried, for this long. */
static bool
is_due(const cli_images *images, time_t seconds)
{
    char *lock = cli_path_join(images->folder, "lock");
    const time_t now = time(NULL);
    struct stat status;
    bool due = stat(lock, &status) != 0 || status.st_mtime > now ||
               now - status.st_mtime >= seconds;

    free(lock);
    return due;
}

/* With the wishes of the user; without them when they cannot be met any more. */
static bool
make_now(const cli_images *images, unsigned slot, krait_module *module,
         krait_snapshot **ret_snapshot)
{
    const cli_wishes none = {.imports = NULL};
    cli_wishes wishes;
    bool made;

    cli_wishes_load(&wishes, images);
    made = cli_images_make(images, slot, module, &wishes, NULL, ret_snapshot, NULL) == KRAIT_OK;
    if (!made && !cli_wishes_are_empty(&wishes))
        made = cli_images_make(images, slot, module, &none, NULL, ret_snapshot, NULL) == KRAIT_OK;
    cli_wishes_release(&wishes);
    return made;
}

/* The one that was picked, or another one; how many were looked at. */
static unsigned
find(const cli_images *images, unsigned picked, krait_engine *engine, krait_module **ret_module,
     krait_snapshot **ret_snapshot)
{
    unsigned tried = 0;
    bool found = false;

    while (!found && tried < CLI_IMAGE_COUNT)
        found = open_slot(images, (picked + tried++) % CLI_IMAGE_COUNT, engine, ret_module,
                          ret_snapshot);
    return tried;
}

/* Takes the place of what was found, if anything.  `pace` is 0 for who insists. */
static bool
make_slot(const cli_images *images, unsigned slot, time_t pace, krait_engine *engine,
          krait_module **module, krait_snapshot **snapshot)
{
    krait_snapshot *made = NULL;
    int lock = -1;

    if (cli_images_is_plain(images) && cli_images_make_folder(images, NULL, 0))
        lock = cli_images_lock(images, pace == 0);
    /* Somebody else may have been faster. */
    if (lock < 0 || !is_due(images, pace)) {
        cli_images_unlock(lock);
        return false;
    }
    /* Those who were waited for have left something. */
    if (pace == 0)
        (void)find(images, slot, engine, module, snapshot);
    if (pace == 0 && *snapshot != NULL) {
        cli_images_unlock(lock);
        return true;
    }
    (void)futimens(lock, NULL);
    if (*module != NULL ||
        krait_python_open_with(engine, images->runtime, NULL, module, NULL) == KRAIT_OK)
        (void)make_now(images, slot, *module, &made);
    cli_images_unlock(lock);
    if (made == NULL)
        return false;
    krait_snapshot_free(*snapshot);
    *snapshot = made;
    return true;
}

bool
cli_images_take(const cli_images *images, krait_engine *engine, bool insists,
                krait_module **ret_module, krait_snapshot **ret_snapshot)
{
    const unsigned picked = random_slot();
    krait_module *module = NULL;
    krait_snapshot *snapshot = NULL;
    unsigned tried = 0;
    time_t pace;
    bool is_missing;

    if (!cli_images_trust(images, NULL, 0, &is_missing) && !is_missing)
        return false;
    if (!is_missing)
        tried = find(images, picked, engine, &module, &snapshot);
    if (snapshot == NULL || tried > 1) {
        pace = snapshot != NULL ? PACE_OTHERS : insists ? 0 : PACE_FIRST;
        if (is_due(images, pace))
            (void)make_slot(images, picked, pace, engine, &module, &snapshot);
    }
    if (snapshot == NULL) {
        krait_module_close(module);
        module = NULL;
    }
    *ret_module = module;
    *ret_snapshot = snapshot;
    return snapshot != NULL;
}
