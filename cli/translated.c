/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Translations of modules that the user runs: in the cache, and where that cannot
 * be used, in a temporary folder for this run.
 */
#include "cli.h"

#include <krait/aot.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The signal that has asked a run to end while its module is translated; 0: none. */
static volatile sig_atomic_t stopped_by;

typedef struct progress {
    const char *wasm;
    bool is_shown; /* a line on the terminal is not finished */
} progress;

static void
clear_line(progress *p)
{
    if (p->is_shown)
        fputs("\r\033[K", stderr);
    p->is_shown = false;
}

static void
show_progress(void *user, unsigned done, unsigned total)
{
    progress *p = user;

    clear_line(p);
    if (done != total) {
        fprintf(stderr, "translating '%s': step %u of %u", p->wasm, done, total);
        p->is_shown = true;
    }
    fflush(stderr);
}

static void
show_note(void *user, const char *text)
{
    progress *p = user;

    clear_line(p);
    cli_message("'%s': %s", p->wasm, text);
}

/* The folder and what is above it; for this user alone. */
static bool
make_folders(char *path)
{
    char *slash;

    for (slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(path, 0700);
        *slash = '/';
    }
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

/* The place that the environment names, and where the cache is in it; NULL: there is none. */
static const char *
find_base(const char **ret_below)
{
    const char *own = getenv("KRAIT_CACHE");
    const char *xdg = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");

    *ret_below = "module";
    if (own != NULL && own[0] == '/')
        return own;
    *ret_below = "krait/module";
    if (xdg != NULL && xdg[0] == '/')
        return xdg;
    *ret_below = ".cache/krait/module";
    return home != NULL && home[0] == '/' ? home : NULL;
}

char *
cli_cache_folder(void)
{
    const char *below;
    const char *base = find_base(&below);

    return base != NULL ? cli_path_join(base, below) : NULL;
}

/* Nobody but this user, users of its group and root can put another folder in the place of one that is
 * in it. */
static bool
is_safe(const char *path)
{
    struct stat status;
    mode_t others = S_IWOTH;

    if (stat(path, &status) != 0)
        return false;
    if (status.st_uid != geteuid()) {
        others |= S_IWGRP;
        if (status.st_uid != 0)
            return false;
    }
    return (status.st_mode & others) == 0 || (status.st_mode & S_ISVTX) != 0;
}

/* The folder, and each one above it down from the place that the environment names. */
static bool
is_alone(const char *folder)
{
    char *path = cli_need(strdup(folder));
    const char *below;
    size_t base = strlen(find_base(&below));
    struct stat status;
    bool is_good = stat(folder, &status) == 0 && status.st_uid == geteuid() &&
                   (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;

    while (base > 0 && path[base - 1] == '/')
        base--;
    for (char *end = path + strlen(path); is_good; end = strrchr(path, '/')) {
        *end = '\0';
        if (end < path + base || path[0] == '\0')
            break;
        is_good = is_safe(path);
    }
    free(path);
    return is_good;
}

/* A cache that cannot be used is no reason to give up; what is wrong with the module is. */
static int
translate_here(cli_translated *translated, const char *wasm, const krait_aot_options *options)
{
    krait_error err;

    if (cli_scratch_make(&translated->scratch, &err) != KRAIT_OK) {
        cli_error(&err);
        return KRAIT_EXIT_FAILED;
    }
    if ((size_t)snprintf(translated->path, sizeof(translated->path), "%s/module.krt",
                         translated->scratch.files) >= sizeof(translated->path)) {
        cli_message("the path of the temporary folder '%.100s...' is too long",
                    translated->scratch.files);
        return KRAIT_EXIT_FAILED;
    }
    if (krait_aot_compile(wasm, translated->path, options, &err) == KRAIT_OK)
        return 0;
    if (stopped_by == 0)
        cli_error(&err);
    return cli_status_of(&err);
}

/* The folder, made where it is missing; NULL after filling `err`.  The translations in it
 * are native code, so nobody else may be able to write there, or to have another folder found there. */
static char *
open_cache(krait_error *err)
{
    char *folder = cli_cache_folder();

    if (folder == NULL) {
        snprintf(err->text, sizeof(err->text), "there is no cache: HOME is not set");
        return NULL;
    }
    if (!make_folders(folder))
        snprintf(err->text, sizeof(err->text), "cannot use the cache '%.400s': %s", folder,
                 strerror(errno));
    else if (!is_alone(folder))
        snprintf(err->text, sizeof(err->text),
                 "cannot use the cache '%.400s': it is not this user's alone", folder);
    else
        return folder;
    free(folder);
    return NULL;
}

/* True when the cache was the reason, and another place may do. */
static bool
cache_failed(const char *folder, const krait_error *err)
{
    return err->code == KRAIT_EIO && (err->sys_errno == ENOSPC || err->sys_errno == EDQUOT ||
                                      err->sys_errno == EROFS || access(folder, W_OK | X_OK) != 0);
}

/* The translation in the cache, whose use is noted; another program that trims the cache may have taken it
 * in between. */
static krait_status
get_cached(cli_translated *translated, const char *wasm, const char *folder,
           const krait_aot_options *options, bool remake, bool *ret_is_new, krait_error *err)
{
    const int64_t began_s = (int64_t)time(NULL);
    cli_cache_found found = CLI_CACHE_GONE;

    for (unsigned tries = 0; tries < 3 && found == CLI_CACHE_GONE; tries++) {
        krait_status status = krait_aot_cached(wasm, folder, options, remake, translated->path,
                                               sizeof(translated->path), err);

        if (status != KRAIT_OK)
            return status;
        found = cli_cache_use(translated->path, began_s);
    }
    *ret_is_new = found == CLI_CACHE_NEW;
    return KRAIT_OK;
}

static int
get(cli_translated *translated, const char *wasm, krait_aot_options options, bool remake)
{
    krait_error err = {.text = ""};
    char *folder = open_cache(&err);
    const char *level = getenv("KRAIT_OPT_LEVEL");
    progress p = {wasm, false};
    bool is_new = false;
    int exit_status = 0;

    memset(translated, 0, sizeof(*translated));
    if (level != NULL && level[0] != '\0')
        options.opt_level = level;
    options.note = show_note;
    options.user = &p;
    if (isatty(STDERR_FILENO) != 0)
        options.progress = show_progress;
    if (folder != NULL &&
        get_cached(translated, wasm, folder, &options, remake, &is_new, &err) != KRAIT_OK)
        exit_status = cache_failed(folder, &err) ? -1 : cli_status_of(&err);
    clear_line(&p);
    if (exit_status > 0 && stopped_by == 0)
        cli_error(&err);
    if (folder == NULL || exit_status < 0) {
        cli_message("%s; translating '%s' for this run only", err.text, wasm);
        exit_status = translate_here(translated, wasm, &options);
        clear_line(&p);
    } else if (is_new)
        cli_cache_trim(folder);
    free(folder);
    return exit_status;
}

static const int stops[] = {SIGINT, SIGTERM, SIGHUP};

#define STOPS (sizeof(stops) / sizeof(stops[0]))

static void
on_stop(int number)
{
    stopped_by = number;
}

/* The second one ends the process at once. */
static void
catch_stops(struct sigaction before[STOPS])
{
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    action.sa_handler = on_stop;
    action.sa_flags = (int)SA_RESETHAND;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < STOPS; i++) {
        /* Under nohup it stays ignored. */
        if (sigaction(stops[i], NULL, &before[i]) == 0 && before[i].sa_handler != SIG_IGN)
            (void)sigaction(stops[i], &action, NULL);
    }
}

/* The compiler's folder is removed before a signal ends the program. */
int
cli_translated_get(cli_translated *translated, const char *wasm, bool meter, bool bounds_checked,
                   bool remake)
{
    krait_aot_options options = KRAIT_AOT_OPTIONS_INIT;
    struct sigaction before[STOPS];
    int exit_status;

    options.meter = meter;
    options.bounds_checked = bounds_checked;
    options.cancel = &stopped_by;
    catch_stops(before);
    exit_status = get(translated, wasm, options, remake);
    for (size_t i = 0; i < STOPS; i++)
        (void)sigaction(stops[i], &before[i], NULL);
    if (stopped_by != 0) {
        cli_translated_release(translated);
        (void)raise(stopped_by);
    }
    return exit_status;
}

int
cli_translated_get_until(cli_translated *translated, const char *wasm, bool meter,
                         const volatile sig_atomic_t *cancel)
{
    krait_aot_options options = KRAIT_AOT_OPTIONS_INIT;

    options.meter = meter;
    options.cancel = cancel;
    return get(translated, wasm, options, false);
}

int
cli_translated_get_soon(cli_translated *translated, const char *wasm,
                        const volatile sig_atomic_t *cancel)
{
    krait_aot_options options = KRAIT_AOT_OPTIONS_INIT;

    options.cancel = cancel;
    options.opt_level = "0";
    return get(translated, wasm, options, false);
}

void
cli_translated_release(cli_translated *translated)
{
    cli_scratch_remove(&translated->scratch);
}
