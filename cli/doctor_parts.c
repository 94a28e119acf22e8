/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `krait doctor`: what belongs to Krait itself: compiler, cache, runtime.
 */
#include "doctor.h"

#include <krait/aot.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* The value of a text in the JSON that inspect gives. */
static void
json_text(const char *json, const char *key, char *text, size_t size)
{
    const char *at = strstr(json, key);

    if (at == NULL)
        return;
    at += strlen(key);
    at += strspn(at, "\": ");
    snprintf(text, size, "%.*s", (int)strcspn(at, "\""), at);
}

/* Translates the smallest module there is: says more than any look at files. */
static doctor_verdict
try_compiler(const char *folder, char *found, size_t size)
{
    static const char module[] = "\0asm\1\0\0";
    krait_aot_options options = KRAIT_AOT_OPTIONS_INIT;
    char *wasm = cli_path_join(folder, "empty.wasm");
    char *krt = cli_path_join(folder, "empty.krt");
    FILE *file = fopen(wasm, "we");
    doctor_verdict verdict = DOCTOR_MISSING;
    char *json = NULL;
    krait_error err;

    if (file == NULL || fwrite(module, 1, 8, file) != 8 || fclose(file) != 0) {
        snprintf(found, size, "cannot write '%s': %s", wasm, strerror(errno));
    } else if (krait_aot_compile(wasm, krt, &options, &err) != KRAIT_OK ||
               krait_aot_inspect(krt, 1, &json, &err) != KRAIT_OK) {
        snprintf(found, size, "no: %.400s", err.text);
    } else {
        snprintf(found, size, "works");
        json_text(json, "\"compiler\"", found, size);
        verdict = DOCTOR_GOOD;
    }
    krait_aot_inspect_free(json);
    (void)unlink(wasm);
    (void)unlink(krt);
    free(wasm);
    free(krt);
    return verdict;
}

doctor_verdict
doctor_compiler(char *found, size_t size)
{
    const char *base = getenv("TMPDIR");
    char folder[4096];
    doctor_verdict verdict;

    snprintf(folder, sizeof(folder), "%.4000s/krait-doctor.XXXXXX",
             base != NULL && base[0] == '/' ? base : "/tmp");
    if (mkdtemp(folder) == NULL) {
        snprintf(found, size, "no: cannot make a temporary folder '%.300s': %s", folder,
                 strerror(errno));
        return DOCTOR_MISSING;
    }
    verdict = try_compiler(folder, found, size);
    (void)rmdir(folder);
    return verdict;
}

/* Adds up what is below a folder. */
static void
add_sizes(int folder, unsigned depth, uint64_t *bytes, uint64_t *files)
{
    DIR *dir = fdopendir(folder);
    const struct dirent *entry;

    if (dir == NULL) {
        close(folder);
        return;
    }
    while ((entry = readdir(dir)) != NULL) {
        struct stat status;

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            fstatat(dirfd(dir), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        if (S_ISREG(status.st_mode)) {
            *bytes += (uint64_t)status.st_blocks * 512;
            (*files)++;
        } else if (S_ISDIR(status.st_mode) && depth < 32) {
            int next = openat(dirfd(dir), entry->d_name,
                              O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

            if (next >= 0)
                add_sizes(next, depth + 1, bytes, files);
        }
    }
    closedir(dir);
}

/* The part of a path that exists. */
static char *
existing_part(const char *path)
{
    char *part = cli_need(strdup(path));

    while (access(part, F_OK) != 0 && strlen(part) > 1) {
        char *slash = strrchr(part, '/');

        slash[slash == part ? 1 : 0] = '\0';
    }
    return part;
}

/* Tries: root may write where nothing can be written. */
static bool
can_write(const char *folder)
{
    char *name = cli_path_join(folder, ".krait-doctor.XXXXXX");
    bool made = mkdtemp(name) != NULL;

    if (made)
        (void)rmdir(name);
    free(name);
    return made;
}

doctor_verdict
doctor_cache(char *found, size_t size)
{
    char *folder = cli_cache_folder();
    const uint64_t most = cli_cache_limit();
    uint64_t bytes = 0;
    uint64_t files = 0;
    char limit[32] = "";
    char *part;
    bool is_writable;
    int fd;

    if (folder == NULL) {
        snprintf(found, size, "none: HOME is not set");
        return DOCTOR_MISSING;
    }
    part = existing_part(folder);
    is_writable = can_write(part);
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0)
        add_sizes(fd, 0, &bytes, &files);
    if (most != UINT64_MAX)
        snprintf(limit, sizeof(limit), " of %" PRIu64, most / 1024);
    snprintf(found, size, "%.300s, %s%" PRIu64 " files, %" PRIu64 "%s KiB%s", folder,
             fd < 0 ? "not made yet, " : "", files, bytes / 1024, limit,
             is_writable ? "" : ", cannot be written");
    free(part);
    free(folder);
    return is_writable ? DOCTOR_GOOD : DOCTOR_MISSING;
}

doctor_verdict
doctor_runtime(char *found, size_t size)
{
    cli_runtime runtime = {.module = NULL};
    krait_engine *engine = NULL;
    krait_module *module = NULL;
    doctor_verdict verdict = DOCTOR_BROKEN;
    krait_error err;

    if (cli_runtime_look(&runtime, found, size) != 0)
        return DOCTOR_BROKEN;
    /* Opening compares all of it with the hash that it carries. */
    if (krait_engine_new(&engine, &err) != KRAIT_OK ||
        krait_module_open(engine, runtime.module, &module, &err) != KRAIT_OK) {
        snprintf(found, size, "%.400s", err.text);
    } else {
        snprintf(found, size, "%.400s", runtime.module);
        verdict = DOCTOR_GOOD;
    }
    krait_module_close(module);
    krait_engine_free(engine);
    cli_runtime_release(&runtime);
    return verdict;
}

/* Starts a program; -1 and errno, or the descriptor of what it says. */
static int
start(const char *program, char *const argv[], pid_t *ret_child)
{
    posix_spawn_file_actions_t actions;
    int ends[2];
    int error;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    error = posix_spawn_file_actions_init(&actions);
    if (error == 0) {
        (void)posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
        (void)posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
        (void)posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
        error = posix_spawn(ret_child, program, &actions, NULL, argv, environ);
        (void)posix_spawn_file_actions_destroy(&actions);
    }
    close(ends[1]);
    if (error == 0)
        return ends[0];
    close(ends[0]);
    errno = error;
    return -1;
}

/* Runs a program to its end.  True: it succeeded; the first line of what it said, or what is wrong. */
static bool
says(const char *program, char *const argv[], char *found, size_t size)
{
    pid_t child = 0;
    char text[4096];
    size_t used = 0;
    ssize_t more = 0;
    int status = -1;
    int output = start(program, argv, &child);

    if (output < 0) {
        snprintf(found, size, "cannot start a process: %s", strerror(errno));
        return false;
    }
    /* What does not fit is not waited for: the program ends when nobody reads. */
    while (used < sizeof(text) - 1 &&
           (more = read(output, text + used, sizeof(text) - 1 - used)) > 0)
        used += (size_t)more;
    close(output);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    text[used] = '\0';
    snprintf(found, size, "%.*s", (int)strcspn(text, "\n"), used > 0 ? text : "it said nothing");
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* A Python program, started as a user would. */
doctor_verdict
doctor_python(char *found, size_t size)
{
    static char name[] = "krait";
    static char code[] = "import sys; print('Python', sys.version.split()[0])";
    static char run[] = "run";
    static char limit[] = "--timeout=30s";
    static char isolated[] = "-I";
    static char option[] = "-c";
    char *const argv[] = {name, run, limit, isolated, option, code, NULL};
    char *program = cli_own_program();
    bool works = says(program != NULL ? program : "/proc/self/exe", argv, found, size);

    free(program);
    return works ? DOCTOR_GOOD : DOCTOR_BROKEN;
}

/* bin/python.wasm in a folder, which this takes: a module by its first bytes. */
static doctor_verdict
look_at_build(char *folder, char *found, size_t size)
{
    char *path = folder != NULL ? cli_path_join(folder, "bin/python.wasm") : NULL;
    doctor_verdict verdict = DOCTOR_MISSING;

    if (path == NULL) {
        snprintf(found, size, "none: /proc is not mounted");
    } else if (access(path, R_OK) != 0) {
        snprintf(found, size, "none: %.400s: %s", path, strerror(errno));
    } else if (cli_file_kind_of(path) != CLI_FILE_WASM) {
        snprintf(found, size, "%.400s is no WebAssembly module", path);
    } else {
        snprintf(found, size, "%.400s", path);
        verdict = DOCTOR_GOOD;
    }
    free(path);
    free(folder);
    return verdict;
}

doctor_verdict
doctor_packing(char *found, size_t size)
{
    return look_at_build(cli_runtime_for_packing(), found, size);
}

doctor_verdict
doctor_modules(char *found, size_t size)
{
    return look_at_build(cli_runtime_for_modules(), found, size);
}

/* That it is there and can be started: a library that it needs may be gone. */
doctor_verdict
doctor_documents(char *found, size_t size)
{
    static char name[] = "process";
    static char option[] = "--help";
    char *const argv[] = {name, option, NULL};
    char *program = cli_own_helper("krait-process");
    char text[1024];
    doctor_verdict verdict = DOCTOR_MISSING;

    if (program == NULL)
        snprintf(found, size, "none: /proc is not mounted");
    else if (access(program, X_OK) != 0)
        snprintf(found, size, "none: %.400s: %s", program, strerror(errno));
    else if (!says(program, argv, text, sizeof(text)))
        snprintf(found, size, "%.400s", text);
    else
        verdict = DOCTOR_GOOD;
    if (verdict == DOCTOR_GOOD)
        snprintf(found, size, "%.400s", program);
    free(program);
    return verdict;
}
