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

/* sys.path[0] of `python -c`, or the folder of the script, unless PYTHONSAFEPATH forbids it. */
static int
add_first_folder(const char *script)
{
    PyObject *flags = PySys_GetObject("flags");
    PyObject *path = PySys_GetObject("path");
    PyObject *safe = flags != NULL ? PyObject_GetAttrString(flags, "safe_path") : NULL;
    const char *slash = strrchr(script, '/');
    PyObject *folder = PyUnicode_DecodeFSDefaultAndSize(script, slash == NULL     ? 0
                                                                : slash == script ? 1
                                                                                  : slash - script);
    int result = -1;

    if (path != NULL && safe != NULL && folder != NULL) {
        result = safe == Py_True ? 0 : PyList_Insert(path, 0, folder);
    }
    Py_XDECREF(folder);
    Py_XDECREF(safe);
    return result;
}

/* The text with what the script needs behind it; the texts are free()d by the caller. */
static char *
prepare_script(const char *script, char *text, size_t *size)
{
    size_t code_size = 0;
    size_t names_size = 0;
    char *code = krait_input_fetch(3, &code_size);
    char *names = code != NULL ? krait_input_fetch(4, &names_size) : NULL;
    PyObject *imports = names != NULL
                            ? krait_script_prepare(script, code, code_size, names, names_size)
                            : NULL;
    Py_ssize_t more = 0;
    const char *lines = imports != NULL ? PyUnicode_AsUTF8AndSize(imports, &more) : NULL;
    char *whole = lines != NULL ? realloc(text, *size + 1 + (size_t)more + 1) : NULL;

    if (whole != NULL) {
        whole[(*size)++] = '\n';
        memcpy(whole + *size, lines, (size_t)more + 1);
        *size += (size_t)more;
    } else if (lines != NULL) {
        PyErr_NoMemory();
    }
    Py_XDECREF(imports);
    free(names);
    free(code);
    return whole;
}

/* The modules that are to wait, and the text that is to run.  What is left over from the start would
 * be collected again in each copy. */
static int
prepare(bool is_image, const char *script)
{
    size_t names_size = 0;
    size_t text_size = 0;
    char *names = krait_input_fetch(0, &names_size);
    char *text = names != NULL ? krait_input_fetch(1, &text_size) : NULL;
    int result = text != NULL ? 0 : -1;

    if (result == 0 && *script != '\0') {
        char *whole = prepare_script(script, text, &text_size);

        result = whole != NULL ? 0 : -1;
        text = whole != NULL ? whole : text;
    }
    if (result == 0 && (names_size + text_size > 0 || is_image)) {
        result = krait_stash_fill(names, names_size, text, text_size);
    }
    free(text);
    free(names);
    return result;
}

static int
finish(uint32_t flags)
{
    size_t ignored = 0;
    char *script = krait_input_fetch(2, &ignored);
    int result = -1;

    if (script != NULL && krait_environment_remember() == 0 && krait_streams_remember() == 0 &&
        prepare((flags & KRAIT_INIT_IMAGE) != 0, script) == 0) {
        result = is_program ? 0 : add_first_folder(script);
    }
    free(script);
    if (result != 0) {
        return -1;
    }
    krait_script_import();
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
