/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of a session share.  Only the native flavour has sessions: the functions that
 * they import are those of Krait's own host.
 */
#ifndef KRAIT_GUEST_SESSION_H
#define KRAIT_GUEST_SESSION_H

/* First: its pyconfig.h asks libc for what the rest needs. */
#include <Python.h>

#include <krait/guest_call.h>

#include <stdbool.h>

/* session.c: true when a signal that asks for KeyboardInterrupt is to be forgotten, because no
 * code of the session runs that it could be meant for. */
bool krait_session_ignores(int number);

/* From now on it is one. */
void krait_session_begins(void);

/* input.c: an input of this call with a NUL behind it; free() it.  NULL with an exception. */
char *krait_input_fetch(uint32_t input, size_t *ret_size);

typedef struct krait_arguments {
    char **items; /* `count` of them, and a NULL */
    char *text;
    size_t count;
} krait_arguments;

/* -1: no memory. */
int krait_arguments_fetch(krait_arguments *ret_arguments);
void krait_arguments_release(krait_arguments *arguments);
/* Appends them to the list, as Python decodes them. */
PyStatus krait_arguments_decode(PyWideStringList *list);
/* Makes sys.NAME a new list of these; -1 with an exception. */
int krait_arguments_publish(const char *name, const PyWideStringList *list);
/* sys.argv and sys.orig_argv of a session: the script or "-c", and what the host gives; -1 with an
 * exception. */
int krait_arguments_set_session(void);

/* start.c: krait_init was told to start a program. */
bool krait_is_program(void);
/* It was told to flush text streams after each line. */
bool krait_buffers_lines(void);

/* environment.c, when Python has started; -1 with an exception. */
int krait_environment_remember(void);
/* The variables of the host's, and what came of them, are what a copy may find again. */
void krait_environment_settle(void);
/* Goes to the folder, and reads variables and time zone again when they are others than at that
 * time, or `zone`: the files of time zones may be; -1 with an exception. */
int krait_environment_refresh(bool zone);
/* Remembers the variables as they are. */
int krait_environment_note(void);
/* Has anybody changed one since they were noted, or this was asked last? */
bool krait_environment_is_other(void);
/* Makes them what they were when they were noted. */
int krait_environment_restore(void);

/* streams.c, when Python has started; -1 with an exception. */
int krait_streams_remember(void);
/* Makes streams for the usual kinds of descriptors; -1 with an exception. */
int krait_streams_prepare(void);
/* Makes them anew, or takes prepared ones, for what the descriptors are now. */
int krait_streams_refresh(bool buffers_lines);
/* In a copy for which they are what they were. */
void krait_streams_keep(bool buffers_lines);
void krait_streams_buffer_lines(void);
/* What is in sys and what Python made; -1 with the last exception. */
int krait_streams_flush(void);

/* fresh.c: makes new what may not be equal in two runs: of all modules that are loaded, or of one. */
void krait_fresh_all(void);
void krait_fresh_module(const char *name, PyObject *module);

/* stash.c: hides all objects from the collector until somebody uses it, loads modules, runs the text,
 * and puts aside what was loaded until it is imported.  -1 with
 * an exception. */
int krait_stash_fill(const char *names, size_t names_size, const char *text, size_t text_size);

/* Prepares what the first import in a copy needs; exceptions are dropped. */
void krait_stash_settle(void);

/* A module that waits, borrowed; NULL: there is none of this name. */
PyObject *krait_stash_waiting(const char *name);

/* This module of Python's start was changed by us. */
void krait_stash_forgive(const char *name);

/* settle.c: the last step before memory is copied; -1 with an exception. */
int krait_settle(void);

/* host_module.c: lets Python find krait_host; before Python starts. */
void krait_session_register(void);

/* value.c: JSON or bytes from and to Python's values; a new reference or -1, with an exception
 * set on failure. */
PyObject *krait_value_load(uint32_t format, const void *bytes, size_t size);
/* A bytes object, or something with its bytes. */
PyObject *krait_value_dump(uint32_t format, PyObject *value);

/* source.c: remembers a text and gives it a name, for tracebacks; a new reference, or NULL. */
PyObject *krait_source_add(const char *text, size_t size);
/* Remembers that of the script, under its own name: a new reference to it, or NULL. */
PyObject *krait_source_set_script(const char *name, const char *text, size_t size);
/* Lets the module `traceback` find the texts; exceptions are dropped. */
void krait_source_publish(void);

/* script.c: compiles the script; a new string, with import statements for what has to be loaded for
 * it (`names`, one per line, too), or NULL with an exception. */
PyObject *krait_script_prepare(const char *name, const char *text, size_t size, const char *names,
                               size_t names_size);
/* Imports what waits of that. */
void krait_script_import(void);
/* Its path, for sys.argv; NULL: there is no script. */
wchar_t *krait_script_argument(void);
/* Runs it: a new reference, or NULL with an exception. */
PyObject *krait_script_run(void);

/* outcome.c: tells the host about the exception that is set, and clears it; the result of
 * krait_exec or krait_call. */
int krait_outcome_raised(void);
void krait_outcome_text(uint32_t what, const char *text, size_t size);

/* call_object.c: the type of calls, and a new one. */
extern PyTypeObject krait_call_type;
PyObject *krait_call_submit(const char *name, Py_ssize_t name_size, uint32_t format,
                            PyObject *input);
/* Waits for the result; takes nothing over. */
PyObject *krait_call_result(PyObject *call, PyObject *timeout);
PyObject *krait_call_wait_any(PyObject *calls, PyObject *timeout);

#endif /* KRAIT_GUEST_SESSION_H */
