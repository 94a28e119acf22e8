/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program with Python inside: counts the letters of its arguments, by an extension in C that
 * a few lines of Python call.
 */
#include "histogram.h"

static const char code[] =
    "import histogram, sys\n"
    "for word in sys.argv[1:]:\n"
    "    counts = histogram.of(word.encode())\n"
    "    print(word, *('%s=%d' % (chr(b), n) for b, n in sorted(counts.items())))\n"
    "try:\n"
    "    histogram.of(3)\n"
    "except TypeError as error:\n"
    "    print(error)\n";

int
main(int argc, char **argv)
{
    PyPreConfig before;
    PyConfig config;
    PyStatus status;

    if (PyImport_AppendInittab("histogram", PyInit_histogram) != 0) {
        return 1;
    }
    PyPreConfig_InitIsolatedConfig(&before);
    before.utf8_mode = 1; /* the locale of WASI is C */
    status = Py_PreInitialize(&before);
    if (PyStatus_Exception(status)) {
        Py_ExitStatusException(status);
    }
    PyConfig_InitIsolatedConfig(&config);
    status = PyConfig_SetBytesArgv(&config, argc, argv);
    if (!PyStatus_Exception(status)) {
        status = Py_InitializeFromConfig(&config);
    }
    PyConfig_Clear(&config);
    if (PyStatus_Exception(status)) {
        Py_ExitStatusException(status);
    }
    int failed = PyRun_SimpleString(code);
    return Py_FinalizeEx() != 0 || failed;
}
