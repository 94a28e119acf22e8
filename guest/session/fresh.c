/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must not be equal in two copies of an instance: state of the standard library that comes from
 * random numbers or the clock.  docs/snapshots.md has the list, with what need not be done.
 *
 * Only modules that are loaded are looked at, and only by names that CPython 3.13 has there: when a
 * program has put something else in their place, that is its own.
 */
#include "session.h"

#include <string.h>
#include <unistd.h>

/* guest/native/random.c: clock sequence and node of the first call are kept. */
int __real_uuid_generate_time_safe(uint8_t out[16]);
int __wrap_uuid_generate_time_safe(uint8_t out[16]);

/* SQLite's generator is seeded again at the next use. */
void sqlite3_randomness(int size, void *bytes);

/* Borrowed; NULL: it is not loaded. */
static PyObject *
find_module(const char *name)
{
    PyObject *modules = PySys_GetObject("modules");
    PyObject *module = NULL;

    if (modules != NULL && PyDict_Check(modules)) {
        module = PyDict_GetItemString(modules, name);
    }
    return module != NULL && PyModule_Check(module) ? module : NULL;
}

static int
refresh_random(PyObject *module)
{
    PyObject *generator = PyObject_GetAttrString(module, "_inst");
    PyObject *result = generator != NULL ? PyObject_CallMethod(generator, "seed", NULL) : NULL;

    Py_XDECREF(generator);
    Py_XDECREF(result);
    return result != NULL ? 0 : -1;
}

static int
set_none(PyObject *module, const char *name)
{
    return PyObject_HasAttrString(module, name) ? PyObject_SetAttrString(module, name, Py_None) : 0;
}

/* The random part of names, and what tells a second process of the same number from the first. */
static int
refresh_tempfile(PyObject *module)
{
    return set_none(module, "_name_sequence");
}

static int
refresh_uuid(PyObject *module)
{
    return set_none(module, "_node") == 0 ? set_none(module, "_last_timestamp") : -1;
}

/* Bytes 8 to 15 of the UUIDs of this copy (RFC 9562, version 1): a random node. */
static uint8_t fixed[8];
static bool is_fixed;

int
__wrap_uuid_generate_time_safe(uint8_t out[16])
{
    int result = __real_uuid_generate_time_safe(out);

    if (result == 0 && !is_fixed) {
        if (getentropy(fixed, sizeof(fixed)) != 0) {
            return -1;
        }
        fixed[0] = (uint8_t)((fixed[0] & 0x3f) | 0x80);
        fixed[2] |= 1; /* multicast: no network card has it */
        is_fixed = true;
    }
    if (is_fixed) {
        memcpy(out + 8, fixed, sizeof(fixed));
    }
    return result;
}

static int
refresh_logging(PyObject *module)
{
    PyTime_t now;
    PyObject *value;
    int result;

    if (PyTime_TimeRaw(&now) != 0) {
        return 0;
    }
    value = PyLong_FromLongLong(now);
    result = value != NULL ? PyObject_SetAttrString(module, "_startTime", value) : -1;
    Py_XDECREF(value);
    return result;
}

/* _current_process._config["authkey"] = AuthenticationString(os.urandom(32)) */
static int
refresh_multiprocessing(PyObject *module)
{
    PyObject *os = PyImport_ImportModule("os");
    PyObject *bytes = os != NULL ? PyObject_CallMethod(os, "urandom", "i", 32) : NULL;
    PyObject *key = NULL;
    PyObject *process = NULL;
    PyObject *config = NULL;
    int result = -1;

    if (bytes != NULL) {
        key = PyObject_CallMethod(module, "AuthenticationString", "O", bytes);
    }
    if (key != NULL) {
        process = PyObject_GetAttrString(module, "_current_process");
    }
    if (process != NULL) {
        config = PyObject_GetAttrString(process, "_config");
    }
    if (config != NULL) {
        PyObject *name = PyUnicode_FromString("authkey");

        result = name != NULL ? PyObject_SetItem(config, name, key) : -1;
        Py_XDECREF(name);
    }
    Py_XDECREF(config);
    Py_XDECREF(process);
    Py_XDECREF(key);
    Py_XDECREF(bytes);
    Py_XDECREF(os);
    return result;
}

/* What Thread.__init__() takes from sys. */
static int
refresh_threading(PyObject *module)
{
    PyObject *thread = PyObject_GetAttrString(module, "_main_thread");
    PyObject *stream = PySys_GetObject("stderr");
    int result = -1;

    if (thread != NULL && stream != NULL) {
        result = PyObject_SetAttrString(thread, "_stderr", stream);
    }
    Py_XDECREF(thread);
    return result;
}

static int
refresh_sqlite(PyObject *module)
{
    (void)module;
    sqlite3_randomness(0, NULL);
    return 0;
}

static const struct {
    const char *name;
    int (*refresh)(PyObject *module);
} owners[] = {
    {"random", refresh_random},       {"tempfile", refresh_tempfile},
    {"uuid", refresh_uuid},           {"logging", refresh_logging},
    {"_sqlite3", refresh_sqlite},     {"multiprocessing.process", refresh_multiprocessing},
    {"threading", refresh_threading},
};

/* What a program did to these modules itself is no reason to fail. */
static void
refresh(size_t owner, PyObject *module)
{
    if (owners[owner].refresh(module) != 0) {
        PyErr_Clear();
    }
}

void
krait_fresh_all(void)
{
    is_fixed = false;
    for (size_t i = 0; i < sizeof(owners) / sizeof(owners[0]); i++) {
        PyObject *module = find_module(owners[i].name);

        if (module != NULL) {
            refresh(i, module);
        }
    }
}

void
krait_fresh_module(const char *name, PyObject *module)
{
    for (size_t i = 0; i < sizeof(owners) / sizeof(owners[0]); i++) {
        if (strcmp(owners[i].name, name) == 0) {
            refresh(i, module);
        }
    }
}
