/* SPDX-License-Identifier: Apache-2.0 */
/* The extension module `histogram`, for PyImport_AppendInittab(). */
#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include <Python.h>

PyMODINIT_FUNC PyInit_histogram(void);

#endif
