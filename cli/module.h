/* SPDX-License-Identifier: Apache-2.0 */
/*
 * krait module: a script or a project becomes a module for documents.
 *
 * The work on modules and files is that of `krait pack` (pack.h); here is what is different. Each
 * step returns 0, or an exit status after a message.
 */
#ifndef KRAIT_CLI_MODULE_H
#define KRAIT_CLI_MODULE_H

#include "pack.h"

/* module_source.c: whether it is a script, a folder with one, or a project. */
int module_look(pack_request *request);
/* Where the sources of the project are, and what of them starts. */
int module_choose(pack_request *request);
/* What starts, for process(); and the section krait.module. */
int module_set_start(pack_request *request);

/* module_project.c: what pyproject.toml, or a script's own block of metadata, asks for. */
int module_read_project(pack_request *request);

/* module_pip.c: dependencies, by the pip of this machine. */
int module_fetch(pack_request *request);
/* module_requirement.c: true for a name with extras, versions and markers, and for one with an address; for nothing
 * that pip could take for a path. */
bool module_is_requirement(const char *text);
/* True for an address that is not that of a wheel. */
bool module_names_sources(const char *text);
/* module_needs.c: says what is missing in --deps. */
int module_check_needs(pack_request *request);

/* module_child.c: a program of this machine, with nothing on its stdin.  False: it cannot be started.  Its output,
 * both streams, ends with a NUL; the caller frees it. */
bool module_run(const pack_list *words, int *ret_status, char **ret_output,
                const volatile sig_atomic_t *cancel);

#endif /* KRAIT_CLI_MODULE_H */
