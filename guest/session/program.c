/* SPDX-License-Identifier: Apache-2.0 */
/*
 * krait_main: the rest of `python3 ARGUMENTS`, in a Python that started without them.
 *
 * What CPython's Python/initconfig.c makes of the arguments is put where it would have put it; then
 * Py_RunMain() goes on as always.  Only arguments without options of the interpreter are understood.
 */
#define Py_BUILD_CORE 1
#include "session.h"

#include <internal/pycore_fileutils.h>
#include <internal/pycore_initconfig.h>
#include <internal/pycore_interp.h>
#include <internal/pycore_runtime.h>

#include <string.h>
#include <wchar.h>

extern void __wasm_call_dtors(void);

__attribute__((export_name("krait_main"))) int krait_main(void);

/* Exit status when the arguments are none for this: as python3 has it for a wrong use. */
#define EXIT_USAGE 2

/* ---- the configuration -------------------------------------------------------------------- */

/* What is run: the text of -c gets a line end, the name of a file its folder. */
static PyStatus
set_command(PyConfig *config, const wchar_t *text)
{
    size_t length = wcslen(text);
    wchar_t *line = PyMem_RawMalloc((length + 2) * sizeof(*line));
    PyStatus status;

    if (line == NULL) {
        return PyStatus_NoMemory();
    }
    memcpy(line, text, length * sizeof(*line));
    line[length] = L'\n';
    line[length + 1] = L'\0';
    status = PyConfig_SetString(config, &config->run_command, line);
    PyMem_RawFree(line);
    return status;
}

static PyStatus
set_file(PyConfig *config, const wchar_t *name)
{
    wchar_t *whole = NULL;
    PyStatus status;

    if (_Py_isabs(name) || _Py_abspath(name, &whole) < 0) {
        return PyConfig_SetString(config, &config->run_filename, name);
    }
    status = whole != NULL ? PyConfig_SetString(config, &config->run_filename, whole)
                           : PyStatus_NoMemory();
    PyMem_RawFree(whole);
    return status;
}

/* `given` is what follows the name of the program; *ret_first is what sys.argv begins with: the list
 * from there on, its first string replaced by *ret_name unless that is NULL. */
static PyStatus
set_program(PyConfig *config, const PyWideStringList *given, Py_ssize_t *ret_first,
            const wchar_t **ret_name)
{
    const wchar_t *first = given->length > 1 ? given->items[1] : NULL;

    *ret_first = 1;
    *ret_name = NULL;
    if (first == NULL || wcscmp(first, L"-") == 0) {
        return PyStatus_Ok();
    }
    if (first[0] != L'-') {
        return set_file(config, first);
    }
    *ret_first = 2;
    *ret_name = first;
    if (given->length > 2 && wcscmp(first, L"-c") == 0) {
        return set_command(config, given->items[2]);
    }
    if (given->length > 2 && wcscmp(first, L"-m") == 0) {
        return PyConfig_SetString(config, &config->run_module, given->items[2]);
    }
    return PyStatus_Error("options of the interpreter need a start of their own");
}

static PyStatus
set_lists(PyConfig *config, PyWideStringList *given, Py_ssize_t first, const wchar_t *name)
{
    static wchar_t empty[] = L"";
    wchar_t *none[] = {empty};
    PyStatus status = PyConfig_SetWideStringList(config, &config->orig_argv, given->length,
                                                 given->items);

    if (!PyStatus_Exception(status)) {
        status = PyConfig_SetWideStringList(config, &_PyRuntime.orig_argv, given->length,
                                            given->items);
    }
    if (!PyStatus_Exception(status)) {
        status = first < given->length
                     ? PyConfig_SetWideStringList(config, &config->argv, given->length - first,
                                                  given->items + first)
                     : PyConfig_SetWideStringList(config, &config->argv, 1, none);
    }
    if (!PyStatus_Exception(status) && name != NULL) {
        status = PyConfig_SetString(config, &config->argv.items[0], name);
    }
    return status;
}

static PyStatus
configure(PyConfig *config)
{
    PyWideStringList given = {.length = 0, .items = NULL};
    const wchar_t *name = NULL;
    Py_ssize_t first = 1;
    PyStatus status = krait_arguments_decode(&given);

    if (!PyStatus_Exception(status)) {
        status = set_program(config, &given, &first, &name);
    }
    if (!PyStatus_Exception(status)) {
        status = set_lists(config, &given, first, name);
    }
    _PyWideStringList_Clear(&given);
    return status;
}

/* ---- sys ---------------------------------------------------------------------------------- */

static int
publish(const PyConfig *config)
{
    return krait_arguments_publish("argv", &config->argv) == 0
               ? krait_arguments_publish("orig_argv", &config->orig_argv)
               : -1;
}

int
krait_main(void)
{
    /* pymain_run_stdin() of Modules/main.c writes to it, too. */
    PyConfig *config = &PyInterpreterState_Get()->config;
    uint32_t ignored = 0;
    PyStatus status;
    int code;

    (void)krait_host_input_size(0, &ignored);
    status = configure(config);
    if (PyStatus_Exception(status)) {
        const char *text = status.err_msg != NULL ? status.err_msg : "no arguments";

        krait_outcome_text(KRAIT_OUTCOME_MESSAGE, text, strlen(text));
        return EXIT_USAGE;
    }
    if (publish(config) != 0) {
        (void)krait_outcome_raised();
        return EXIT_USAGE;
    }
    code = Py_RunMain();
    __wasm_call_dtors();
    return code;
}
