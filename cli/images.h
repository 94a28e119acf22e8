/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The user's images: snapshots of a started Python, so that programs need not start one.
 *
 * They are in the user's cache, in a folder for each installed Python; docs/snapshots.md says what
 * is in it.  An image is a shortcut: whatever is wrong with one, programs start without it.
 */
#ifndef KRAIT_CLI_IMAGES_H
#define KRAIT_CLI_IMAGES_H

#include "cli.h"

#include <time.h>

/* Each with another secret for hashes; a run picks one of them. */
#define CLI_IMAGE_COUNT 4

typedef struct cli_images {
    char *runtime; /* folder of the Python that they are of */
    char *base;    /* the cache: what is above it is not ours to make */
    char *folder;  /* where they are; NULL: the environment names no place */
} cli_images;

/* ---- images.c ----------------------------------------------------------------------------- */

/* `runtime` is copied.  Makes no folder. */
void cli_images_find(cli_images *images, const char *runtime);
void cli_images_release(cli_images *images);
/* True when the folder is there and this user's alone; else `why` says what is wrong, and
 * *ret_missing that it only was not made yet.  `why` may be NULL. */
bool cli_images_trust(const cli_images *images, char *why, size_t size, bool *ret_missing);
/* Makes the folder, unless it would be one that others can write. */
bool cli_images_make_folder(const cli_images *images, char *why, size_t size);
char *cli_images_path(const cli_images *images, unsigned slot);
/* The folder above the folders of all Pythons; allocated, or NULL. */
char *cli_images_root(void);

/* NULL when an image is young enough, else why not. */
const char *cli_images_age(const cli_images *images, const krait_snapshot_info *info);
/* False: packages in the library's site-packages take part in the start of Python. */
bool cli_images_is_plain(const cli_images *images);

/* ---- images_pick.c ------------------------------------------------------------------------ */

/* An image for one run; makes one when that is due, or when there is none and `insists`, after
 * everybody else who does.  False: there is none. */
bool cli_images_take(const cli_images *images, krait_engine *engine, bool insists,
                     cli_run_opened *opened);

/* ---- images_wish.c ------------------------------------------------------------------------ */

/* What images are to have beside the default modules. */
typedef struct cli_wishes {
    char **imports;
    size_t import_count;
    char *script;      /* host path; NULL: none */
    cli_grants grants; /* read-only, for imports from them */
} cli_wishes;

/* 0, or an exit status after a message. */
int cli_wishes_add_import(cli_wishes *wishes, const char *name);
int cli_wishes_set_script(cli_wishes *wishes, const char *path);
/* Of --dir and --mapdir, after they were added. */
int cli_wishes_check(const cli_wishes *wishes);
bool cli_wishes_are_empty(const cli_wishes *wishes);
void cli_wishes_release(cli_wishes *wishes);
/* From and to the file beside the images; save is false with errno.  None: no file. */
void cli_wishes_load(cli_wishes *wishes, const cli_images *images);
bool cli_wishes_save(const cli_wishes *wishes, const cli_images *images);
/* The program that makes them true, allocated; "" when none is needed.  False: `why` says what
 * is wrong with the script. */
bool cli_wishes_code(const cli_wishes *wishes, char **ret_code, size_t *ret_size, char *why,
                     size_t size);

/* ---- images_make.c ------------------------------------------------------------------------ */

/* The lock of the folder, which who makes images holds: a descriptor, or -1.  What an earlier maker
 * left behind is removed. */
int cli_images_lock(const cli_images *images, bool waits);
void cli_images_unlock(int lock);
/* Makes one image, with the lock held.  `output` gets what the wishes' code writes; NULL: nobody
 * does.  When it cannot be saved, *ret_snapshot is there nevertheless. */
krait_status cli_images_make(const cli_images *images, unsigned slot, krait_module *module,
                             const cli_wishes *wishes, krait_output_fn output,
                             krait_snapshot **ret_snapshot, krait_error *err);
/* Removes all images of all Pythons, and folders of them; bytes that they took. */
uint64_t cli_images_drop(const char *root, unsigned *ret_count);

/* ---- images_list.c ------------------------------------------------------------------------ */

void cli_images_list(const cli_images *images, bool json);

#endif /* KRAIT_CLI_IMAGES_H */
