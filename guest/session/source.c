/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The texts that krait_exec ran, so that tracebacks show their lines.
 *
 * Each has a name of its own, "<exec 1>" and so on, since functions outlive the text that defined
 * them.  The last ones are kept; they go to the module linecache only when something was raised.
 */
#include "session.h"

/* Texts that are kept. */
#define KEPT 64

static PyObject *texts[KEPT];
static unsigned long count; /* of all so far: text n is at n % KEPT */

/* That of script.c, which has a name of its own. */
static PyObject *script_name;
static PyObject *script_text;

static PyObject *
name_of(unsigned long number)
{
    return PyUnicode_FromFormat("<exec %lu>", number + 1);
}

PyObject *
krait_source_add(const char *text, size_t size)
{
    PyObject *name = name_of(count);

    if (name == NULL) {
        return NULL;
    }
    /* What is no text is an error of the compiler's. */
    Py_XSETREF(texts[count % KEPT], PyUnicode_DecodeUTF8(text, (Py_ssize_t)size, "replace"));
    if (texts[count % KEPT] == NULL) {
        Py_DECREF(name);
        return NULL;
    }
    count++;
    return name;
}

PyObject *
krait_source_set_script(const char *name, const char *text, size_t size)
{
    Py_XSETREF(script_name, PyUnicode_DecodeFSDefault(name));
    Py_XSETREF(script_text, PyUnicode_DecodeUTF8(text, (Py_ssize_t)size, "replace"));
    return script_name != NULL && script_text != NULL ? Py_NewRef(script_name) : NULL;
}

/* What linecache has of a file: size, time (None: it does not change), lines, name. */
static int
publish_one(PyObject *cache, PyObject *name, PyObject *text)
{
    PyObject *lines = PyUnicode_Splitlines(text, 1);
    PyObject *entry = NULL;
    int result = -1;

    if (lines != NULL) {
        entry = Py_BuildValue("nOOO", PyUnicode_GET_LENGTH(text), Py_None, lines, name);
    }
    if (entry != NULL) {
        result = PyObject_SetItem(cache, name, entry);
    }
    Py_XDECREF(entry);
    Py_XDECREF(lines);
    return result;
}

/* One that is not kept any more must not stay in the cache. */
static void
retract_one(PyObject *cache, unsigned long number)
{
    PyObject *name = name_of(number);

    if (name != NULL) {
        (void)PyObject_DelItem(cache, name);
    }
    PyErr_Clear();
    Py_XDECREF(name);
}

void
krait_source_publish(void)
{
    static unsigned long oldest; /* in the cache */
    PyObject *module = PyImport_ImportModule("linecache");
    PyObject *cache = module != NULL ? PyObject_GetAttrString(module, "cache") : NULL;
    unsigned long first = count > KEPT ? count - KEPT : 0;

    for (; cache != NULL && oldest < first; oldest++) {
        retract_one(cache, oldest);
    }
    for (unsigned long i = first; cache != NULL && i < count; i++) {
        PyObject *name = name_of(i);
        const int result = name != NULL ? publish_one(cache, name, texts[i % KEPT]) : -1;

        Py_XDECREF(name);
        if (result != 0) {
            break;
        }
    }
    if (cache != NULL && script_text != NULL) {
        (void)publish_one(cache, script_name, script_text);
    }
    PyErr_Clear();
    Py_XDECREF(cache);
    Py_XDECREF(module);
}
