/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Python that is called: the exports of handler.wasm, also for C (lines.c).
 *
 * A host calls _initialize once, then handler_start() with Python code, which registers a
 * function by `handler.register(function)`; then handler_call() as often as it likes. Bytes
 * go in through memory from handler_alloc(), and come out at handler_result(), which stays as it
 * is until the next call. Statuses: 0, or 1 with the text of the Python exception as result.
 * SystemExit is an exception like any other: the module stays usable. After a trap it is not.
 */
#ifndef HANDLER_H
#define HANDLER_H

#include <stddef.h>

#define EXPORT(name) __attribute__((export_name(#name), visibility("default"))) name

/* `size` bytes of the module's memory, or 0. */
void *EXPORT(handler_alloc)(size_t size);
void EXPORT(handler_free)(void *memory);

/* Starts Python, if it was not, and runs UTF-8 code in the module __main__. */
int EXPORT(handler_start)(const char *code, size_t size);

/* Calls the registered function with bytes; it gives bytes, or text that becomes UTF-8. */
int EXPORT(handler_call)(const char *bytes, size_t size);

/* What the last of these two has given. */
const char *EXPORT(handler_result)(void);
size_t EXPORT(handler_result_size)(void);

#endif
