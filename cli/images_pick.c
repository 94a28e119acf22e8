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
open_slot(const cli_images *images, unsigned slot, krait_engine *engine, cli_run_opened *opened)
{
    char *path = cli_images_path(images, slot);
    krait_snapshot_info info;

    if (krait_python_open_snapshot(engine, images->runtime, NULL, path, &opened->module,
                                   &opened->snapshot, NULL) != KRAIT_OK) {
        free(path);
        return false;
    }
    opened->image = path;
    krait_snapshot_describe(opened->snapshot, &info);
    if (info.kind == KRAIT_SNAPSHOT_PROGRAM && cli_images_age(images, &info) == NULL)
        return true;
    cli_run_close(opened);
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
static krait_snapshot *
make_now(const cli_images *images, unsigned slot, krait_module *module)
{
    const cli_wishes none = {.imports = NULL};
    krait_snapshot *made = NULL;
    cli_wishes wishes;

    cli_wishes_load(&wishes, images);
    (void)!cli_images_make(images, slot, module, &wishes, NULL, &made, NULL);
    if (made == NULL && !cli_wishes_are_empty(&wishes))
        (void)!cli_images_make(images, slot, module, &none, NULL, &made, NULL);
    cli_wishes_release(&wishes);
    return made;
}

/* The one that was picked, or another one; how many were looked at. */
static unsigned
find(const cli_images *images, unsigned picked, krait_engine *engine, cli_run_opened *opened)
{
    unsigned tried = 0;
    bool found = false;

    while (!found && tried < CLI_IMAGE_COUNT)
        found = open_slot(images, (picked + tried++) % CLI_IMAGE_COUNT, engine, opened);
    return tried;
}

/* With the lock held.  Takes the place of what was found, if anything. */
static void
make_slot(const cli_images *images, unsigned slot, krait_engine *engine, cli_run_opened *opened)
{
    krait_snapshot *made = NULL;

    if (opened->module != NULL ||
        krait_python_open_with(engine, images->runtime, NULL, &opened->module, NULL) == KRAIT_OK)
        made = make_now(images, slot, opened->module);
    if (made == NULL)
        return;
    krait_snapshot_free(opened->snapshot);
    opened->snapshot = made;
    free(opened->image);
    opened->image = cli_images_path(images, slot);
}

/* `pace` is 0 for who waits for others who make one, and then takes that. */
static void
renew(const cli_images *images, unsigned slot, time_t pace, krait_engine *engine,
      cli_run_opened *opened)
{
    int lock = -1;

    if (cli_images_is_plain(images) && cli_images_make_folder(images, NULL, 0))
        lock = cli_images_lock(images, pace == 0);
    if (lock >= 0 && pace == 0)
        (void)find(images, slot, engine, opened);
    /* Somebody else may have been faster. */
    if (lock >= 0 && is_due(images, pace) && (pace != 0 || opened->snapshot == NULL)) {
        (void)futimens(lock, NULL);
        make_slot(images, slot, engine, opened);
    }
    cli_images_unlock(lock);
}

bool
cli_images_take(const cli_images *images, krait_engine *engine, bool insists,
                cli_run_opened *opened)
{
    const unsigned picked = random_slot();
    unsigned tried = 0;
    bool is_missing;
    time_t pace;

    if (!cli_images_trust(images, NULL, 0, &is_missing) && !is_missing)
        return false;
    if (!is_missing)
        tried = find(images, picked, engine, opened);
    if (opened->snapshot == NULL || tried > 1) {
        pace = opened->snapshot != NULL ? PACE_OTHERS : insists ? 0 : PACE_FIRST;
        if (is_due(images, pace))
            renew(images, picked, pace, engine, opened);
    }
    return opened->snapshot != NULL;
}
