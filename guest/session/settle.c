/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last step before memory is copied: what a copy would do first, it finds done.
 *
 * Each page that a copy writes has to be copied, which costs more than what is written there.  So
 * caches are filled here, and memory that was freed is not used again: what a copy allocates then
 * lies together, and not in holes all over the image.
 */
#define Py_BUILD_CORE 1
#include "session.h"

#include <internal/pycore_freelist.h>
#include <internal/pycore_interp.h>
#include <internal/pycore_object.h>
#include <internal/pycore_pystate.h>

#include <stdlib.h>
#include <unistd.h>

/* ---- a rehearsal -------------------------------------------------------------------------- */

/* The smallest program, in names that are thrown away. */
static int
rehearse(void)
{
    PyObject *names = PyDict_New();
    PyObject *code = names != NULL ? Py_CompileString("pass\n", "<string>", Py_file_input) : NULL;
    PyObject *result = NULL;

    if (code != NULL &&
        PyDict_SetItemString(names, "__builtins__", PyInterpreterState_Get()->builtins) == 0) {
        result = PyEval_EvalCode(code, names, names);
    }
    Py_XDECREF(result);
    Py_XDECREF(code);
    Py_XDECREF(names);
    return result != NULL ? krait_streams_flush() : -1;
}

/* ---- memory ------------------------------------------------------------------------------- */

/* Larger than what is left at the end of the heap after it has grown. */
#define STEP ((size_t)64 << 10)

/* A block behind all that was allocated before: the heap had to grow for it. */
static char *
allocate_last(void)
{
    const void *end = sbrk(0);
    char *block;

    do {
        block = malloc(STEP);
    } while (block != NULL && sbrk(0) == end);
    return block;
}

/* Takes every free block in front of that one for ever, the largest first. */
static void
fill_holes(void)
{
    char *last = allocate_last();

    if (last == NULL) {
        return;
    }
    free(last);
    for (size_t size = STEP; size >= sizeof(void *); size -= size / 8 + (size < 64 ? 4 : 0)) {
        char *block = malloc(size);

        while (block != NULL && block < last) {
            block = malloc(size);
        }
        free(block);
    }
}

int
krait_settle(void)
{
    krait_environment_settle();
    krait_stash_settle();
    if (rehearse() != 0) {
        return -1;
    }
    /* An object in such a list would be used again wherever it lies. */
    _PyObject_ClearFreeLists(_Py_object_freelists_GET(), 0);
    fill_holes();
    return 0;
}
