/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dynamic loading, which WASI preview 1 does not have: it fails, and dlerror() says so, once for each time, as
 * POSIX wants it.  For C code that is linked into a module; CPython is built without.  Weak: a host that
 * can load something defines its own.
 */
#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>

#define WEAK __attribute__((weak))

static char message[256];
static char given[sizeof(message)];

WEAK void *
dlopen(const char *path, int flags)
{
    (void)flags;
    (void)snprintf(message, sizeof(message),
                   "cannot load %.180s: dynamic loading is not supported in WASI",
                   path != NULL ? path : "the program itself");
    return NULL;
}

WEAK void *
dlsym(void *restrict handle, const char *restrict name)
{
    (void)handle;
    (void)snprintf(message, sizeof(message),
                   "cannot find %.180s: dynamic loading is not supported in WASI", name);
    return NULL;
}

/* No handle was ever given out. */
WEAK int
dlclose(void *handle)
{
    (void)handle;
    (void)snprintf(message, sizeof(message), "not open: dynamic loading is not supported in WASI");
    return -1;
}

WEAK char *
dlerror(void)
{
    if (message[0] == '\0') {
        return NULL;
    }
    (void)snprintf(given, sizeof(given), "%s", message);
    message[0] = '\0';
    return given;
}
