/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What code can change besides names in modules, and every program would see: settings of the
 * interpreter, of the process, of libc, lists that Python started with, classes and functions.
 *
 * It is looked at between any two bodies that are recorded: a body that changed such a thing is not
 * put aside, for only when it runs again it does so again.  In the end everything is as it
 * was, or nothing is made: what cannot be undone exactly is refused by name.
 */
#ifndef KRAIT_GUEST_STATE_H
#define KRAIT_GUEST_STATE_H

#define Py_BUILD_CORE 1
#include "session.h"

#include <stdbool.h>

/* ---- state.c: settings ---- */

/* Python is now as it has to be in the end; -1 with an exception. */
int krait_state_note(void);
/* 1: something was changed, or written to the standard streams, since this was asked last. */
int krait_state_is_other(void);
/* A warning was raised since this was asked last. */
bool krait_state_has_warned(void);
/* Makes everything as it was; -1 with an exception: it cannot be. */
int krait_state_restore(void);

/* ---- state_classes.c ---- */

/* All classes that there are; -1 with an exception. */
int krait_classes_note(void);
/* Classes and functions among the values of a dict. */
int krait_classes_note_dict(PyObject *dict);
/* What has changed since the last look was changed rightly, or not. */
void krait_classes_look(bool is_right);
/* 0: nobody has changed one of them since, but rightly; -1 with an exception. */
int krait_classes_check(void);
void krait_classes_release(void);

#endif /* KRAIT_GUEST_STATE_H */
