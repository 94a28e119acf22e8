/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the host gives a call: its inputs, and the arguments of the program.
 */
#define Py_BUILD_CORE 1
#include "session.h"

#include <internal/pycore_initconfig.h>

#include <stdlib.h>
#include <string.h>
#include <wasi/api.h>

char *
krait_input_fetch(uint32_t input, size_t *ret_size)
{
    uint32_t size = 0;
    uint32_t error = krait_host_input_size(input, &size);
    char *bytes = error == 0 && size < UINT32_MAX ? malloc((size_t)size + 1) : NULL;

    if (bytes == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    if (krait_host_input_get(input, bytes, size) != 0) {
        free(bytes);
        PyErr_SetString(PyExc_SystemError, "the host has no input");
        return NULL;
    }
    bytes[size] = '\0';
    *ret_size = size;
    return bytes;
}

int
krait_arguments_fetch(krait_arguments *ret_arguments)
{
    __wasi_size_t count = 0;
    __wasi_size_t size = 0;
    char **items;
    char *text;

    ret_arguments->items = NULL;
    ret_arguments->text = NULL;
    ret_arguments->count = 0;
    if (__wasi_args_sizes_get(&count, &size) != 0) {
        count = 0;
    }
    /* One more for whoever wants a NULL at the end. */
    items = calloc((size_t)count + 1, sizeof(*items));
    text = malloc((size_t)size + 1);
    if (items == NULL || text == NULL ||
        (count > 0 && __wasi_args_get((uint8_t **)items, (uint8_t *)text) != 0)) {
        free(items);
        free(text);
        return -1;
    }
    ret_arguments->items = items;
    ret_arguments->text = text;
    ret_arguments->count = count;
    return 0;
}

void
krait_arguments_release(krait_arguments *arguments)
{
    free(arguments->items);
    free(arguments->text);
}

PyStatus
krait_arguments_decode(PyWideStringList *list)
{
    krait_arguments arguments;
    PyStatus status = PyStatus_Ok();

    if (krait_arguments_fetch(&arguments) != 0) {
        return PyStatus_NoMemory();
    }
    for (size_t i = 0; i < arguments.count && !PyStatus_Exception(status); i++) {
        wchar_t *text = Py_DecodeLocale(arguments.items[i], NULL);

        status = text != NULL ? PyWideStringList_Append(list, text) : PyStatus_NoMemory();
        PyMem_RawFree(text);
    }
    krait_arguments_release(&arguments);
    return status;
}

int
krait_arguments_publish(const char *name, const PyWideStringList *list)
{
    PyObject *value = PyList_New(list->length);
    int result;

    for (Py_ssize_t i = 0; value != NULL && i < list->length; i++) {
        PyObject *item = PyUnicode_FromWideChar(list->items[i], -1);

        if (item == NULL) {
            Py_CLEAR(value);
        } else {
            PyList_SET_ITEM(value, i, item);
        }
    }
    result = value != NULL ? PySys_SetObject(name, value) : -1;
    Py_XDECREF(value);
    return result;
}

int
krait_arguments_set_session(void)
{
    static wchar_t flag[] = L"-c";
    PyWideStringList list = {.length = 0, .items = NULL};
    PyStatus status = krait_arguments_decode(&list);
    int result = -1;

    if (!PyStatus_Exception(status) && list.length == 0) {
        status = PyWideStringList_Append(&list, flag);
    }
    if (PyStatus_Exception(status)) {
        PyErr_NoMemory();
    } else {
        wchar_t *program = list.items[0];

        list.items[0] = krait_script_argument() != NULL ? krait_script_argument() : flag;
        result = krait_arguments_publish("argv", &list) == 0
                     ? krait_arguments_publish("orig_argv", &list)
                     : -1;
        list.items[0] = program;
    }
    _PyWideStringList_Clear(&list);
    return result;
}
