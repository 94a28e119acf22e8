/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What there is of the user's images: `krait snapshot list`, and a line of `krait doctor`.
 */
#include "images.h"

#include "doctor.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct image {
    char *path;
    krait_snapshot_info info;
    bool has_info;
    char why[512]; /* it cannot be used; "": it can */
} image;

/* The module is of the Python as it is now; NULL: that cannot be opened, and `err` says why. */
static void
look(const cli_images *images, unsigned slot, krait_module *module, const krait_error *err,
     image *found)
{
    krait_snapshot *snapshot = NULL;
    krait_error own;
    const char *age;

    memset(found, 0, sizeof(*found));
    found->path = cli_images_path(images, slot);
    if (krait_snapshot_inspect(found->path, 0, &found->info, &own) != KRAIT_OK) {
        snprintf(found->why, sizeof(found->why), "%s",
                 own.code == KRAIT_ENOTFOUND ? "not made yet" : own.text);
        return;
    }
    found->has_info = true;
    age = cli_images_age(images, &found->info);
    if (age != NULL)
        snprintf(found->why, sizeof(found->why), "%s", age);
    else if (found->info.kind != KRAIT_SNAPSHOT_PROGRAM)
        snprintf(found->why, sizeof(found->why), "it is one for sessions");
    else if (module == NULL)
        snprintf(found->why, sizeof(found->why), "%s", err->text);
    else if (krait_snapshot_open(module, found->path, &snapshot, &own) != KRAIT_OK)
        snprintf(found->why, sizeof(found->why), "%s", own.text);
    krait_snapshot_free(snapshot);
}

static int64_t
age_of(const image *found)
{
    struct timespec now;

    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        return 0;
    return (int64_t)now.tv_sec - found->info.created_ns / 1000000000;
}

static const char *
kind_name(const krait_snapshot_info *info)
{
    return info->kind == KRAIT_SNAPSHOT_PROGRAM ? "program" : "session";
}

static void
print_text(const image *found)
{
    const char *name = strrchr(found->path, '/') + 1;

    printf("%s", name);
    if (found->has_info)
        printf("  %s  %" PRId64 " s old  %" PRIu64 " KiB", kind_name(&found->info), age_of(found),
               found->info.stored_bytes / 1024);
    printf("  %s%s\n", found->why[0] == '\0' ? "usable" : "not usable: ", found->why);
    if (found->has_info && found->info.modules[0] != '\0')
        printf("    modules: %s\n", found->info.modules);
}

static void
print_json(const image *found, bool is_first)
{
    fputs(is_first ? "{\"file\":" : ",{\"file\":", stdout);
    cli_json_text(stdout, found->path);
    if (found->has_info) {
        printf(",\"kind\":\"%s\",\"age_s\":%" PRId64 ",\"stored_bytes\":%" PRIu64 ",\"modules\":",
               kind_name(&found->info), age_of(found), found->info.stored_bytes);
        cli_json_text(stdout, found->info.modules);
    }
    printf(",\"usable\":%s,\"why\":", found->why[0] == '\0' ? "true" : "false");
    if (found->why[0] == '\0')
        fputs("null", stdout);
    else
        cli_json_text(stdout, found->why);
    fputs("}", stdout);
}

static void
print_images(const cli_images *images, bool json)
{
    krait_engine *engine = NULL;
    krait_module *module = NULL;
    krait_error err = {.text = ""};

    if (krait_engine_new(&engine, &err) == KRAIT_OK)
        (void)!krait_python_open_with(engine, images->runtime, NULL, &module, &err);
    for (unsigned slot = 0; slot < CLI_IMAGE_COUNT; slot++) {
        image found;

        look(images, slot, module, &err, &found);
        if (json)
            print_json(&found, slot == 0);
        else
            print_text(&found);
        free(found.path);
    }
    krait_module_close(module);
    krait_engine_free(engine);
}

/* Why no image is looked for at all; "" when one is. */
static bool
has_folder(const cli_images *images, char *why, size_t size)
{
    bool is_missing;

    why[0] = '\0';
    if (images->runtime == NULL) {
        snprintf(why, size, "there is no Python that they could be of");
        return false;
    }
    if (cli_images_trust(images, why, size, &is_missing))
        return true;
    if (is_missing)
        snprintf(why, size, "'%.300s' is not made yet", images->folder);
    return false;
}

static void
print_wishes(const cli_images *images)
{
    cli_wishes wishes;

    cli_wishes_load(&wishes, images);
    for (size_t i = 0; i < wishes.import_count; i++)
        printf("asked for: --import %s\n", wishes.imports[i]);
    if (wishes.script != NULL)
        printf("asked for: --run %s\n", wishes.script);
    for (size_t i = 0; i < wishes.grants.count; i++)
        printf("asked for: --dir %s::%s\n", wishes.grants.items[i].host_real,
               wishes.grants.items[i].guest);
    cli_wishes_release(&wishes);
}

void
cli_images_list(const cli_images *images, bool json)
{
    char why[512];
    const bool there = has_folder(images, why, sizeof(why));

    if (json) {
        fputs("{\"folder\":", stdout);
        if (images->folder != NULL)
            cli_json_text(stdout, images->folder);
        else
            fputs("null", stdout);
        fputs(",\"why\":", stdout);
        if (there)
            fputs("null", stdout);
        else
            cli_json_text(stdout, why);
        fputs(",\"images\":[", stdout);
        if (there)
            print_images(images, true);
        fputs("]}\n", stdout);
        return;
    }
    if (!there) {
        printf("none: %s\n", why);
        return;
    }
    printf("%s\n", images->folder);
    print_images(images, false);
    print_wishes(images);
}

doctor_verdict
doctor_snapshots(char *found, size_t size)
{
    char *runtime = cli_runtime_folder();
    cli_images images = {.runtime = NULL};
    bool is_missing = false;
    bool is_good;
    unsigned usable = 0;

    if (runtime != NULL)
        cli_images_find(&images, runtime);
    free(runtime);
    is_good = cli_images_trust(&images, found, size, &is_missing);
    if (is_good) {
        for (unsigned slot = 0; slot < CLI_IMAGE_COUNT; slot++) {
            char *path = cli_images_path(&images, slot);
            krait_snapshot_info info;

            usable += krait_snapshot_inspect(path, 0, &info, NULL) == KRAIT_OK &&
                      cli_images_age(&images, &info) == NULL;
            free(path);
        }
        snprintf(found, size, "%.300s, %u of %d", images.folder, usable, CLI_IMAGE_COUNT);
    } else if (is_missing) {
        snprintf(found, size, "%.300s, not made yet", images.folder);
    }
    cli_images_release(&images);
    return is_good || is_missing ? DOCTOR_GOOD : DOCTOR_MISSING;
}
