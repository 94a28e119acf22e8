/* SPDX-License-Identifier: Apache-2.0 */
/*
 * krait_init: how Python starts when it is not by _start.
 *
 * For a session it starts as for `python -c`, but nothing of the arguments is taken for an option and
 * folders of the user's are not looked at.  For a program it starts as main() starts it, with the
 * program's name as the only argument: the others come with krait_main, in a copy of the memory.
 */
#include "session.h"

#include <stdlib.h>
#include <string.h>

extern void __wasm_call_ctors(void);

__attribute__((export_name("krait_init"))) int krait_init(uint32_t flags);

void krait_enter_folder(void);

static bool is_program;
static bool buffers_lines;

bool
krait_is_program(void)
{
    return is_program;
}

bool
krait_buffers_lines(void)
{
    return buffers_lines;
}

/* "-c" and what the host gave after the program's name, or only that name. */
static PyStatus
set_arguments(PyConfig *config)
{
    static char flag[] = "-c";
    krait_arguments arguments;
    Py_ssize_t count;
    PyStatus status;

    if (krait_arguments_fetch(&arguments) != 0) {
        return PyStatus_NoMemory();
    }
    count = arguments.count > 0 ? (Py_ssize_t)arguments.count : 1;
    if (!is_program) {
        arguments.items[0] = flag;
    } else {
        count = arguments.count > 0 ? 1 : 0;
    }
    status = PyConfig_SetBytesArgv(config, count, arguments.items);
    krait_arguments_release(&arguments);
    return status;
}

static PyStatus
start_program(void)
{
    PyConfig config;
    PyStatus status;

    PyConfig_InitPythonConfig(&config);
    status = set_arguments(&config);
    if (!PyStatus_Exception(status)) {
        status = Py_InitializeFromConfig(&config);
    }
    PyConfig_Clear(&config);
    return status;
}

static PyStatus
start_session(void)
{
    PyPreConfig before;
    PyConfig config;
    PyStatus status;

    PyPreConfig_InitPythonConfig(&before);
    before.parse_argv = 0;
    status = Py_PreInitialize(&before);
    if (PyStatus_Exception(status)) {
        return status;
    }
    PyConfig_InitPythonConfig(&config);
    config.parse_argv = 0;
    config.user_site_directory = 0;
    status = set_arguments(&config);
    if (!PyStatus_Exception(status)) {
        status = PyConfig_SetString(&config, &config.program_name, L"/usr/local/bin/python3.13");
    }
    if (!PyStatus_Exception(status)) {
        status = Py_InitializeFromConfig(&config);
    }
    PyConfig_Clear(&config);
    return status;
}

/* sys.path[0] of `python -c`, unless PYTHONSAFEPATH forbids it. */
static int
add_current_folder(void)
{
    PyObject *flags = PySys_GetObject("flags");
    PyObject *path = PySys_GetObject("path");
    PyObject *safe = flags != NULL ? PyObject_GetAttrString(flags, "safe_path") : NULL;
    PyObject *empty = PyUnicode_FromStringAndSize(NULL, 0);
    int result = -1;

    if (path != NULL && safe != NULL && empty != NULL) {
        result = safe == Py_True ? 0 : PyList_Insert(path, 0, empty);
    }
    Py_XDECREF(empty);
    Py_XDECREF(safe);
    return result;
}

/* The modules that are to wait, and the text that is to run.  What is left over from the start would
 * be collected again in each copy. */
static int
prepare(bool is_image)
{
    size_t names_size = 0;
    size_t text_size = 0;
    char *names = krait_input_fetch(0, &names_size);
    char *text = names != NULL ? krait_input_fetch(1, &text_size) : NULL;
    int result = -1;

    if (text != NULL && names_size + text_size == 0 && !is_image) {
        result = 0;
    } else if (text != NULL) {
        result = krait_stash_fill(names, names_size, text, text_size);
    }
    free(text);
    free(names);
    return result;
}

static int
finish(uint32_t flags)
{
    if (krait_environment_remember() != 0 || krait_streams_remember() != 0 ||
        prepare((flags & KRAIT_INIT_IMAGE) != 0) != 0) {
        return -1;
    }
    if (!is_program && add_current_folder() != 0) {
        return -1;
    }
    /* The streams of a program are prepared for copies that need not want it. */
    buffers_lines = (flags & KRAIT_INIT_LINE_BUFFERED) != 0;
    if (buffers_lines && !is_program) {
        krait_streams_buffer_lines();
    }
    return (flags & KRAIT_INIT_IMAGE) != 0 ? krait_settle() : 0;
}

int
krait_init(uint32_t flags)
{
    PyStatus status;

    uint32_t ignored = 0;

    (void)krait_host_input_size(0, &ignored);
    __wasm_call_ctors();
    is_program = (flags & KRAIT_INIT_PROGRAM) != 0;
    if (!is_program) {
        krait_session_begins();
    }
    krait_enter_folder();
    krait_session_register();
    status = is_program ? start_program() : start_session();
    if (PyStatus_Exception(status)) {
        const char *text = status.err_msg != NULL ? status.err_msg : "Python ended at its start";

        krait_outcome_text(KRAIT_OUTCOME_MESSAGE, text, strlen(text));
        return 1;
    }
    if (finish(flags) != 0) {
        (void)krait_outcome_raised();
        return 1;
    }
    return 0;
}
