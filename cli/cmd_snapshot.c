/* SPDX-License-Identifier: Apache-2.0 */
/*
 * krait snapshot: make, list, verify and drop the images that programs start from.
 */
#include "images.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: krait snapshot make [--import MODULE]... [--run SCRIPT] [--dir HOST[::GUEST]]...\n"
    "       krait snapshot list [--json]\n"
    "       krait snapshot verify [FILE...]\n"
    "       krait snapshot drop\n"
    "\n"
    "Snapshots are images of a Python that has been started; programs go on in a copy of\n"
    "one, which is faster than a start. `krait run` makes them itself when it needs them.\n"
    "\n"
    "  make    make all of them anew, with the usual modules loaded and those that are\n"
    "          asked for here; ones that are made later have them too\n"
    "    --import MODULE           load a module beforehand\n"
    "    --run SCRIPT              run a script beforehand; what it imports stays loaded\n"
    "    --dir HOST[::GUEST]       see a folder meanwhile, for imports from it, read-only\n"
    "    --mapdir GUEST::HOST      the same, the other way round\n"
    "  list    say which there are, and whether they can be used\n"
    "    --json                    as one JSON object\n"
    "  verify  compare every byte with the hash that was written with it; one of yours\n"
    "          that is damaged is removed\n"
    "  drop    remove all of them, of all versions of Python\n"
    "\n"
    "  -h, --help                  show this\n"
    "\n"
    "Exit status: 0; 1 verify found damage; 125 wrong usage, or it did not work; 126, 127\n"
    "what was named cannot be used or does not exist.\n";

/* ---- make --------------------------------------------------------------------------------- */

static int
show_output(void *data, int stream, const void *bytes, size_t size)
{
    (void)data;
    (void)stream;
    return fwrite(bytes, 1, size, stderr) == size ? 0 : -1;
}

static void
show_progress(unsigned slot)
{
    if (isatty(STDERR_FILENO) == 0)
        return;
    fputs("\r\033[K", stderr);
    if (slot < CLI_IMAGE_COUNT)
        fprintf(stderr, "making snapshot %u of %d", slot + 1, CLI_IMAGE_COUNT);
    fflush(stderr);
}

static int
make_images(const cli_images *images, krait_module *module, const cli_wishes *wishes)
{
    for (unsigned slot = 0; slot < CLI_IMAGE_COUNT; slot++) {
        krait_snapshot *snapshot = NULL;
        krait_error err = {.text = ""};
        krait_status status;

        show_progress(slot);
        status = cli_images_make(images, slot, module, wishes, show_output, &snapshot, &err);
        krait_snapshot_free(snapshot);
        if (status != KRAIT_OK) {
            show_progress(CLI_IMAGE_COUNT);
            cli_error(&err);
            return cli_status_of(&err);
        }
    }
    show_progress(CLI_IMAGE_COUNT);
    return 0;
}

/* The wishes are kept only when they can be met. */
static int
make_with_lock(const cli_images *images, const cli_wishes *wishes)
{
    krait_engine *engine = NULL;
    krait_module *module = NULL;
    krait_error err = {.text = ""};
    int exit_status = KRAIT_EXIT_FAILED;

    if (krait_engine_new(&engine, &err) != KRAIT_OK ||
        krait_python_open_with(engine, images->runtime, NULL, &module, &err) != KRAIT_OK) {
        cli_error(&err);
        exit_status = cli_status_of(&err);
    } else {
        exit_status = make_images(images, module, wishes);
    }
    krait_module_close(module);
    krait_engine_free(engine);
    if (exit_status == 0 && !cli_wishes_save(wishes, images)) {
        cli_message("what was asked for cannot be kept in '%s': %s", images->folder,
                    strerror(errno));
        exit_status = KRAIT_EXIT_FAILED;
    }
    return exit_status;
}

static int
make(const cli_images *images, const cli_wishes *wishes)
{
    char why[512];
    int lock;
    int exit_status;

    if (!cli_images_is_plain(images)) {
        cli_message("packages in site-packages of '%s' take part in the start of Python (.pth, "
                    "sitecustomize): programs start without a snapshot",
                    images->runtime);
        return KRAIT_EXIT_FAILED;
    }
    if (!cli_images_make_folder(images, why, sizeof(why))) {
        cli_message("cannot keep snapshots: %s", why);
        return KRAIT_EXIT_FAILED;
    }
    lock = cli_images_lock(images, true);
    if (lock < 0) {
        cli_message("cannot keep snapshots in '%s': %s", images->folder, strerror(errno));
        return KRAIT_EXIT_FAILED;
    }
    exit_status = make_with_lock(images, wishes);
    cli_images_unlock(lock);
    if (exit_status == 0)
        printf("%d snapshots in %s\n", CLI_IMAGE_COUNT, images->folder);
    return exit_status;
}

/* One option of make at argv[*index]: 0, or an exit status after a message. */
static int
take_option(cli_wishes *wishes, int argc, char **argv, int *index)
{
    static const char *const names[] = {"--import", "--run", "--dir", "--mapdir"};
    const char *arg = argv[*index];
    const char *value;
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]) && !cli_is_long(arg, names[i]); i++)
        continue;
    if (i == sizeof(names) / sizeof(names[0])) {
        cli_message("snapshot make: unknown argument '%s' (see krait snapshot --help)", arg);
        return KRAIT_EXIT_FAILED;
    }
    if (arg[strlen(names[i])] == '\0' && *index + 1 >= argc) {
        cli_message("snapshot make: '%s' needs a value (see krait snapshot --help)", arg);
        return KRAIT_EXIT_FAILED;
    }
    value = cli_option_value(argc, argv, index, strlen(names[i]));
    switch (i) {
    case 0:
        return cli_wishes_add_import(wishes, value);
    case 1:
        return cli_wishes_set_script(wishes, value);
    default:
        return cli_grants_add(&wishes->grants, names[i], value, i == 3);
    }
}

static int
command_make(const cli_images *images, int argc, char **argv)
{
    cli_wishes wishes = {.imports = NULL};
    int exit_status = 0;

    for (int i = 1; i < argc && exit_status == 0; i++)
        exit_status = take_option(&wishes, argc, argv, &i);
    if (exit_status == 0)
        exit_status = cli_wishes_check(&wishes);
    if (exit_status == 0)
        exit_status = make(images, &wishes);
    cli_wishes_release(&wishes);
    return exit_status;
}

/* ---- verify and drop ---------------------------------------------------------------------- */

/* 0, 1 or an exit status, after a message. */
static int
verify(const char *path, bool is_own)
{
    krait_error err;

    if (krait_snapshot_inspect(path, 1, NULL, &err) == KRAIT_OK) {
        printf("%s: whole\n", path);
        return 0;
    }
    if (is_own && err.code == KRAIT_ENOTFOUND)
        return 0;
    cli_error(&err);
    if (err.code == KRAIT_ENOMEM || err.sys_errno == ENOMEM || err.sys_errno == EMFILE ||
        err.sys_errno == ENFILE)
        return KRAIT_EXIT_FAILED; /* that says nothing about the file */
    if (is_own && unlink(path) == 0)
        cli_message("'%s' is removed; a run makes another one when it needs it", path);
    return err.code == KRAIT_ENOTFOUND ? KRAIT_EXIT_MISSING : 1;
}

static int
command_verify(const cli_images *images, int argc, char **argv)
{
    int exit_status = 0;
    bool is_missing;
    char why[512];

    for (int i = 1; i < argc; i++) {
        int status = verify(argv[i], false);

        exit_status = status > exit_status ? status : exit_status;
    }
    if (argc > 1)
        return exit_status;
    if (!cli_images_trust(images, why, sizeof(why), &is_missing)) {
        if (is_missing)
            return 0;
        cli_message("snapshots there are not used: %s", why);
        return 1;
    }
    for (unsigned slot = 0; slot < CLI_IMAGE_COUNT; slot++) {
        char *path = cli_images_path(images, slot);

        exit_status |= verify(path, true);
        free(path);
    }
    return exit_status;
}

static int
command_drop(void)
{
    char *root = cli_images_root();
    unsigned count = 0;
    uint64_t bytes = root != NULL ? cli_images_drop(root, &count) : 0;

    printf("%u snapshot%s removed, %" PRIu64 " bytes\n", count, count == 1 ? "" : "s", bytes);
    free(root);
    return 0;
}

/* ---- the command -------------------------------------------------------------------------- */

static int
without_arguments(const char *name, int argc, char **argv)
{
    if (argc < 2)
        return 0;
    cli_message("snapshot %s: unknown argument '%s' (see krait snapshot --help)", name, argv[1]);
    return KRAIT_EXIT_FAILED;
}

static int
run_command(const cli_images *images, int argc, char **argv)
{
    bool json = false;

    if (strcmp(argv[0], "make") == 0)
        return command_make(images, argc, argv);
    if (strcmp(argv[0], "list") == 0) {
        json = argc > 1 && strcmp(argv[1], "--json") == 0;
        if (without_arguments(argv[0], argc - json, argv + json) != 0)
            return KRAIT_EXIT_FAILED;
        cli_images_list(images, json);
        return 0;
    }
    if (strcmp(argv[0], "verify") == 0)
        return command_verify(images, argc, argv);
    if (strcmp(argv[0], "drop") == 0)
        return without_arguments(argv[0], argc, argv) != 0 ? KRAIT_EXIT_FAILED : command_drop();
    cli_message("snapshot: unknown command '%s' (see krait snapshot --help)", argv[0]);
    return KRAIT_EXIT_FAILED;
}

int
krait_cmd_snapshot(int argc, char **argv)
{
    cli_images images = {.runtime = NULL};
    char *runtime;
    int exit_status;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            fputs(usage, stdout);
            return cli_finish_stdout(0);
        }
    }
    if (argc < 2) {
        fputs(usage, stderr);
        return KRAIT_EXIT_FAILED;
    }
    runtime = cli_runtime_folder();
    if (runtime != NULL)
        cli_images_find(&images, runtime);
    free(runtime);
    exit_status = run_command(&images, argc - 1, argv + 1);
    cli_images_release(&images);
    return cli_finish_stdout(exit_status);
}
