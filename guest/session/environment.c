/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The environment of a copy: libc's and Python's variables, the folder, the time zone.
 *
 * os.environ and os.environb are views of posix.environ, which therefore is filled again in place, in
 * the way of convertenviron() in CPython's Modules/posixmodule.c.  It is the dict of Python's start:
 * what a program puts in its place is its own.
 */
#define Py_BUILD_CORE 1
#include "session.h"

#include <internal/pycore_dict.h>
#include <internal/pycore_interp.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <wasi/api.h>
#include <wasi/libc-environ.h>

extern char **environ;

void krait_enter_folder(void);
void krait_enter(const char *folder);

static PyObject *variables; /* posix.environ */

int
krait_environment_remember(void)
{
    PyObject *module = PyImport_ImportModule("posix");

    variables = module != NULL ? PyObject_GetAttrString(module, "environ") : NULL;
    Py_XDECREF(module);
    if (variables != NULL && !PyDict_Check(variables)) {
        PyErr_SetString(PyExc_SystemError, "posix.environ is not a dict");
        Py_CLEAR(variables);
    }
    return variables != NULL ? 0 : -1;
}

/* ---- the time zone ------------------------------------------------------------------------ */

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

/* What time.tzset() sets; a new reference, NULL without an exception: the module is not loaded, or
 * somebody took something from it. */
static PyObject *
zone_of(PyObject *dict)
{
    PyObject *names = PyDict_GetItemString(dict, "tzname");
    PyObject *offset = PyDict_GetItemString(dict, "timezone");
    PyObject *other = PyDict_GetItemString(dict, "altzone");
    PyObject *saving = PyDict_GetItemString(dict, "daylight");

    if (names == NULL || !PyTuple_CheckExact(names) || offset == NULL ||
        !PyLong_CheckExact(offset) || other == NULL || !PyLong_CheckExact(other) ||
        saving == NULL || !PyLong_CheckExact(saving)) {
        return NULL;
    }
    return PyTuple_Pack(4, names, offset, other, saving);
}

/* Values that are equal are to be the same objects: the module has not changed.  Others are our doing. */
static int
keep_zone(PyObject *dict, PyObject *before)
{
    static const char *const names[] = {"tzname", "timezone", "altzone", "daylight"};
    PyObject *now = zone_of(dict);
    int result = 0;

    if (now != NULL && before != NULL && PyObject_RichCompareBool(now, before, Py_EQ) == 1) {
        for (Py_ssize_t i = 0; result == 0 && i < 4; i++) {
            result = PyDict_SetItemString(dict, names[i], PyTuple_GET_ITEM(before, i));
        }
    } else {
        krait_stash_forgive("time");
    }
    Py_XDECREF(now);
    return PyErr_Occurred() ? -1 : result;
}

/* Libc may have read it at any time, for any TZ. */
static int
refresh_zone(void)
{
    PyObject *modules = PyInterpreterState_Get()->imports.modules;
    PyObject *module = PyDict_GetItemString(modules, "time");
    PyObject *dict = module != NULL && PyModule_Check(module) ? PyModule_GetDict(module) : NULL;
    PyObject *function = dict != NULL ? PyDict_GetItemString(dict, "tzset") : NULL;
    PyObject *before;
    PyObject *result;
    int status;

    if (forget_zone() != 0) {
        PyErr_NoMemory();
        return -1;
    }
    tzset();
    if (function == NULL || !PyCFunction_Check(function)) {
        return PyErr_Occurred() ? -1 : 0;
    }
    Py_INCREF(dict);
    before = zone_of(dict);
    result = PyObject_CallNoArgs(function);
    status = result != NULL ? keep_zone(dict, before) : -1;
    Py_XDECREF(result);
    Py_XDECREF(before);
    Py_DECREF(dict);
    return status;
}

/* ---- variables ---------------------------------------------------------------------------- */

static int
add_variable(const char *text)
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
    int result = 0;

    PyDict_Clear(variables);
    for (char **at = environ; result == 0 && *at != NULL; at++) {
        result = add_variable(*at);
    }
    return result;
}

static void
read_environ(void)
{
    __wasilibc_deinitialize_environ();
    __wasilibc_maybe_reinitialize_environ_eagerly();
    krait_enter_folder();
}

static int
refresh_all(void)
{
    read_environ();
    return refresh_variables() == 0 ? refresh_zone() : -1;
}

/* ---- variables that code may have changed ------------------------------------------------- */

static struct {
    char **start, **seen; /* copies, up to NULL */
    uint64_t version;     /* of posix.environ */
    bool is_touched;
} noted;

static uint64_t
version_now(void)
{
    return ((PyDictObject *)variables)->ma_version_tag &
           ~(uint64_t)DICT_WATCHER_AND_MODIFICATION_MASK;
}

static void
free_copy(char **copy)
{
    for (char **at = copy; at != NULL && *at != NULL; at++) {
        free(*at);
    }
    free(copy);
}

/* NULL: no memory. */
static char **
copy_environ(void)
{
    size_t count = 0;
    char **copy;

    while (environ[count] != NULL) {
        count++;
    }
    copy = calloc(count + 1, sizeof(*copy));
    for (size_t i = 0; copy != NULL && i < count; i++) {
        copy[i] = strdup(environ[i]);
        if (copy[i] == NULL) {
            free_copy(copy);
            copy = NULL;
        }
    }
    return copy;
}

static bool
is_copy(char **copy)
{
    size_t i = 0;

    while (environ[i] != NULL && copy[i] != NULL && strcmp(environ[i], copy[i]) == 0) {
        i++;
    }
    return environ[i] == NULL && copy[i] == NULL;
}

int
krait_environment_note(void)
{
    noted.start = copy_environ();
    noted.seen = copy_environ();
    noted.version = version_now();
    if (noted.start == NULL || noted.seen == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    return 0;
}

bool
krait_environment_is_other(void)
{
    if (noted.seen != NULL && noted.version == version_now() && is_copy(noted.seen)) {
        return false;
    }
    free_copy(noted.seen);
    noted.seen = copy_environ();
    noted.version = version_now();
    noted.is_touched = true;
    return true;
}

/* By hand: what the start of Python itself has added is no variable of the host's. */
static int
restore_environ(void)
{
    while (environ[0] != NULL) {
        const size_t size = strcspn(environ[0], "=");
        char *name = strndup(environ[0], size);
        const int failed = name == NULL || unsetenv(name) != 0;

        free(name);
        if (failed) {
            return -1;
        }
    }
    for (char **at = noted.start; *at != NULL; at++) {
        char *value = strchr(*at, '=');

        if (value != NULL) {
            *value = '\0';
            if (setenv(*at, value + 1, 1) != 0) {
                return -1;
            }
            *value = '=';
        }
    }
    return 0;
}

int
krait_environment_restore(void)
{
    const bool is_touched = krait_environment_is_other() || noted.is_touched;
    const bool is_same = is_copy(noted.start);
    int result = 0;

    if (!is_same && restore_environ() != 0) {
        PyErr_SetString(PyExc_RuntimeError, "the code changed the environment");
        result = -1;
    } else if (is_touched) {
        result = refresh_variables();
    }
    free_copy(noted.start);
    free_copy(noted.seen);
    noted.start = noted.seen = NULL;
    /* Also when TZ was only another one for a while. */
    return result == 0 && is_touched ? refresh_zone() : result;
}

/* ---- variables that are what they were ---------------------------------------------------- */

/* More than that is read as always. */
#define MOST_TEXT      4096
#define MOST_VARIABLES 128

static struct {
    char *text; /* as the host gives it, without FOLDER; NULL: nothing is known */
    size_t size;
    char **seen; /* what libc made of it: a copy, up to NULL */
    uint64_t version;
} settled;

#define FOLDER "KRAIT_CWD="

/* What the host gives now, each with its NUL; *ret_folder: the value of FOLDER, or NULL. */
static bool
fetch(char text[MOST_TEXT], size_t *ret_size, const char **ret_folder)
{
    uint8_t *items[MOST_VARIABLES];
    __wasi_size_t count = 0;
    __wasi_size_t size = 0;

    *ret_folder = NULL;
    *ret_size = 0;
    if (__wasi_environ_sizes_get(&count, &size) != 0 || count > MOST_VARIABLES ||
        size > MOST_TEXT || __wasi_environ_get(items, (uint8_t *)text) != 0) {
        return false;
    }
    /* The command line gives it as the last one. */
    for (size_t at = 0; at < size;) {
        const size_t length = strlen(text + at) + 1;

        if (strncmp(text + at, FOLDER, sizeof(FOLDER) - 1) == 0) {
            if (at + length != size) {
                return false;
            }
            *ret_folder = text + at + sizeof(FOLDER) - 1;
            size = (__wasi_size_t)at;
        } else {
            at += length;
        }
    }
    *ret_size = size;
    return true;
}

void
krait_environment_settle(void)
{
    char text[MOST_TEXT];
    const char *folder;
    size_t size;

    free(settled.text);
    free_copy(settled.seen);
    settled.text = NULL;
    settled.seen = NULL;
    if (!fetch(text, &size, &folder)) {
        return;
    }
    settled.text = malloc(size + 1);
    settled.seen = copy_environ();
    settled.size = size;
    settled.version = version_now();
    if (settled.text == NULL || settled.seen == NULL) {
        free(settled.text);
        settled.text = NULL;
    } else {
        memcpy(settled.text, text, size);
    }
}

/* Then there is nothing to do but to enter the folder.  Code of a session may have asked libc for
 * another zone since. */
static bool
is_settled(const char **ret_folder, char text[MOST_TEXT])
{
    size_t size;

    return krait_is_program() && settled.text != NULL && fetch(text, &size, ret_folder) &&
           size == settled.size && memcmp(text, settled.text, size) == 0 &&
           version_now() == settled.version && is_copy(settled.seen);
}

int
krait_environment_refresh(bool zone)
{
    char text[MOST_TEXT];
    const char *folder = NULL;

    if (zone || !is_settled(&folder, text)) {
        return refresh_all();
    }
    krait_enter(folder);
    return 0;
}
