/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding a C compiler on PATH, and the flags that translated code needs.
 */
#include "aot/compiler.h"
#include "base/alloc.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Versions of clang that are looked for by name. */
#define NEWEST_CLANG 40
#define OLDEST_CLANG 18

/* -ffp-contract=off: no fused operations.  -fno-math-errno: sqrt is one
 * instruction.  -fno-strict-aliasing and -fwrapv: the code is written so that
 * it needs neither; they keep a mistake there from becoming a miscompilation.
 * -fstack-clash-protection: a large frame cannot step over the guard page.
 * -mno-outline-atomics: atomic instructions where they are, not in functions of
 * libgcc that look at the processor first.  No stack protector: guest code cannot write to the native stack. */
const char *const krait__compiler_flags[] = {
    "-std=gnu11",
    "-fPIC",
    "-fvisibility=hidden",
    "-fno-strict-aliasing",
    "-fwrapv",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-fno-optimize-sibling-calls",
    "-fstack-clash-protection",
    "-fno-stack-protector",
    "-fasynchronous-unwind-tables",
#if defined(__x86_64__)
    "-fcf-protection=none",
#elif defined(__aarch64__)
    "-mno-outline-atomics",
#endif
    "-w",
    NULL,
};

/* No start files: loading a .krt runs no code of it. */
const char *const krait__compiler_link_flags[] = {
    "-shared",         "-nostartfiles",       "-Wl,-z,defs,-z,now,-z,relro,-z,noexecstack",
    "-Wl,--as-needed", "-Wl,--build-id=sha1", NULL,
};

static bool
is_program(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

/* A copy of a path that holds in every working directory.  Symbolic links stay:
 * ccache and the like go by the name they are called by. */
static char *
absolute(const char *path)
{
    char here[4096];
    char joined[sizeof(here) + 4096];
    int size;

    if (path[0] == '/')
        return krait__strdup(path);
    if (getcwd(here, sizeof(here)) == NULL)
        return NULL;
    size = snprintf(joined, sizeof(joined), "%s/%s", here, path);
    return size > 0 && (size_t)size < sizeof(joined) ? krait__strdup(joined) : NULL;
}

/* The full path of a program, or NULL. */
static char *
search_path(const char *name)
{
    const char *at = getenv("PATH");
    char path[4096];

    if (strchr(name, '/') != NULL)
        return is_program(name) ? absolute(name) : NULL;
    if (at == NULL || at[0] == '\0')
        at = "/usr/bin:/bin";
    while (*at != '\0') {
        size_t size = strcspn(at, ":");
        int used = snprintf(path, sizeof(path), "%.*s%s%s", (int)size, at, size != 0 ? "/" : "./",
                            name);

        if (used > 0 && (size_t)used < sizeof(path) && is_program(path))
            return absolute(path);
        at += size;
        if (*at == ':')
            at++;
    }
    return NULL;
}

static char *
search_default(void)
{
    static const char *const others[] = {"clang", "gcc", "cc"};
    char name[16];
    char *path = NULL;
    unsigned i;

    for (i = NEWEST_CLANG; path == NULL && i >= OLDEST_CLANG; i--) {
        snprintf(name, sizeof(name), "clang-%u", i);
        path = search_path(name);
    }
    for (i = 0; path == NULL && i < sizeof(others) / sizeof(others[0]); i++)
        path = search_path(others[i]);
    return path;
}

krait_status
krait__compiler_find(const char *wanted, const char *fallback, krait_compiler *ret_compiler,
                     krait_error *err)
{
    krait_compiler compiler = {NULL, NULL};

    if (wanted == NULL && fallback != NULL && fallback[0] != '\0')
        wanted = fallback;
    compiler.path = wanted != NULL ? search_path(wanted) : search_default();
    if (compiler.path == NULL && wanted != NULL)
        return krait__error_set(err, KRAIT_EIO, 0, "there is no C compiler '%s'", wanted);
    if (compiler.path == NULL)
        return krait__error_set(err, KRAIT_EIO, 0,
                                "there is no C compiler: clang (18 or newer), gcc or cc");
    *ret_compiler = compiler;
    return KRAIT_OK;
}

void
krait__compiler_release(krait_compiler *compiler)
{
    krait__free(compiler->path);
    krait__free(compiler->version);
    compiler->path = NULL;
    compiler->version = NULL;
}
