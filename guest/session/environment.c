/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The environment of a copy: libc's and Python's variables, the folder, the time zone.
 *
 * os.environ and os.environb are views of posix.environ, which therefore is filled again in place, in
 * the way of convertenviron() in CPython's Modules/posixmodule.c.
 */
#include "session.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <wasi/libc-environ.h>

extern char **environ;

void krait_enter_folder(void);

/* ---- the time zone ------------------------------------------------------------------------ */

/* Where libc looks without TZ. */
#define ZONE_FILE "/etc/localtime"

/* At the start of Python, when `time` read it: TZ, NULL: none. */
static char *zone;
static bool had_zone_file;

void
krait_environment_remember(void)
{
    const char *name = getenv("TZ");

    zone = name != NULL ? strdup(name) : NULL;
    had_zone_file = access(ZONE_FILE, F_OK) == 0;
}

static bool
is_zone_other(void)
{
    const char *name = getenv("TZ");

    if (name == NULL) {
        return zone != NULL || had_zone_file || access(ZONE_FILE, F_OK) == 0;
    }
    return zone == NULL || strcmp(name, zone) != 0 || strchr(name, '/') != NULL;
}

/* libc reads a zone again only when TZ has changed. */
static int
forget_zone(void)
{
    const char *name = getenv("TZ");
    char *kept = name != NULL ? strdup(name) : NULL;
    int result;

    if (name != NULL && kept == NULL) {
        return -1;
    }
    result = setenv("TZ", "UTC0", 1);
    if (result == 0) {
        tzset();
        result = kept != NULL ? setenv("TZ", kept, 1) : unsetenv("TZ");
    }
    free(kept);
    return result;
}

static int
refresh_zone(void)
{
    PyObject *module;
    PyObject *result;

    if (!is_zone_other()) {
        return 0;
    }
    if (forget_zone() != 0) {
        PyErr_NoMemory();
        return -1;
    }
    module = PyImport_ImportModule("time");
    result = module != NULL ? PyObject_CallMethod(module, "tzset", NULL) : NULL;
    Py_XDECREF(module);
    Py_XDECREF(result);
    krait_stash_forgive("time");
    return result != NULL ? 0 : -1;
}

/* ---- variables ---------------------------------------------------------------------------- */

static int
add_variable(PyObject *variables, const char *text)
{
    const char *equals = strchr(text, '=');
    PyObject *name;
    PyObject *value;
    int result = -1;

    if (equals == NULL) {
        return 0;
    }
    name = PyBytes_FromStringAndSize(text, (Py_ssize_t)(equals - text));
    value = PyBytes_FromString(equals + 1);
    if (name != NULL && value != NULL) {
        /* The first of two with the same name counts. */
        result = PyDict_SetDefaultRef(variables, name, value, NULL) < 0 ? -1 : 0;
    }
    Py_XDECREF(name);
    Py_XDECREF(value);
    return result;
}

static int
refresh_variables(void)
{
    PyObject *module = PyImport_ImportModule("posix");
    PyObject *variables = module != NULL ? PyObject_GetAttrString(module, "environ") : NULL;
    int result = -1;

    if (variables != NULL && PyDict_Check(variables)) {
        PyDict_Clear(variables);
        result = 0;
        for (char **at = environ; result == 0 && *at != NULL; at++) {
            result = add_variable(variables, *at);
        }
    } else if (variables != NULL) {
        PyErr_SetString(PyExc_TypeError, "posix.environ is not a dict");
    }
    Py_XDECREF(variables);
    Py_XDECREF(module);
    return result;
}

int
krait_environment_refresh(void)
{
    __wasilibc_deinitialize_environ();
    __wasilibc_maybe_reinitialize_environ_eagerly();
    krait_enter_folder();
    return refresh_variables() == 0 ? refresh_zone() : -1;
}
