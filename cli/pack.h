/* SPDX-License-Identifier: Apache-2.0 */
/*
 * krait pack and krait module: one module with Python, its library, an application and what that needs.
 *
 * What the command was asked for, and the steps; the work on files and modules is krait-pack's
 * (<krait/pack.h>).  Python code is only ever run in the sandbox.
 */
#ifndef KRAIT_CLI_PACK_H
#define KRAIT_CLI_PACK_H

#include "cli.h"

#include <krait/module.h>
#include <krait/pack.h>

#include <signal.h>

/* Where things are in a pack. */
#define PACK_APP      "/app"
#define PACK_LIB      "/usr/local/lib"
#define PACK_LICENCES "/usr/local/share/licenses"

/* Every path that is made here fits; longer ones are refused. */
#define PACK_PATH 8192

typedef enum pack_sources {
    PACK_COMPILED, /* only byte code */
    PACK_BOTH,     /* byte code beside sources */
    PACK_SOURCES   /* only sources */
} pack_sources;

typedef enum pack_entry {
    PACK_ENTRY_DEFAULT, /* of the application */
    PACK_ENTRY_NAMED,   /* MODULE[:FUNCTION] */
    PACK_ENTRY_MODULE,  /* as python -m */
    PACK_ENTRY_CODE     /* as python -c */
} pack_entry;

typedef enum pack_action { PACK_MAKE, PACK_LIST, PACK_VERIFY, PACK_EXTRACT } pack_action;

typedef struct pack_list {
    char **items; /* allocated, as the texts */
    size_t count;
} pack_list;

/* What `krait module` wants besides, and what it finds out. */
typedef struct pack_document {
    bool is_wanted;     /* a module for documents: it is `krait module` */
    bool is_offline;    /* dependencies come from nowhere but from what PIP_FIND_LINKS names */
    const char *name;   /* --name; NULL: the project's, or the script's */
    char *own_name;     /* that one */
    char *root;         /* host folder of the project's sources; NULL: it is a script */
    char *pyproject;    /* host path; NULL: none */
    char *entry;        /* MODULE[:FUNCTION]; NULL: it is a script */
    pack_list wanted;   /* dependencies that pip gets, as requirements */
    cli_scratch wheels; /* that it puts them into */
} pack_document;

typedef struct pack_request {
    const char *command; /* for messages */
    pack_document document;
    pack_action action;
    const char *subject; /* the application, or the pack that is shown */
    const char *output;
    const char *extract_to;
    const char *python; /* module, or folder of a build */
    bool has_library;   /* --stdlib yes or no */
    pack_entry entry_kind;
    const char *entry;
    pack_list deps;
    pack_list adds;
    pack_list env;
    pack_list keeps;
    pack_sources sources;
    unsigned optimize;
    bool strip;
    bool shake;
    bool plain;
    bool verbose;
    bool json;
    const char *left_out; /* file for what tree shaking left out */
    uint64_t writable;
    cli_grants grants; /* for the recorded run */
    char **args;       /* for the recorded run */
    int arg_count;

    /* As it is made. */
    krait_pack *pack;
    char *module;        /* path of the module that is packed into */
    char *tree;          /* folder of its build; NULL: none */
    char version[16];    /* of its Python: "3.13"; empty: unknown */
    char lib[64];        /* /usr/local/lib/python3.13 in the pack */
    char site[96];       /* its site-packages */
    pack_list argv;      /* what Python gets first */
    char *start;         /* path in the pack of the program; NULL: none */
    pack_list start_set; /* files that a start reads */
    char *report;        /* what tree shaking left out, a line each; NULL: no such thing */
    uint64_t left_files; /* left out by tree shaking */
    uint64_t left_bytes;
} pack_request;

/* The writable globals: a signal handler has no argument. */
extern volatile sig_atomic_t pack_interrupted;
extern krait_sandbox *volatile pack_running; /* NULL: none */

/* As cli_message(), with the command's name in front. */
void pack_message(const pack_request *request, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void pack_list_add(pack_list *list, const char *text);
void pack_list_release(pack_list *list);
/* True for a path that is `folder` or below it. */
bool pack_is_below(const char *path, const char *folder);
bool pack_ends_with(const char *text, const char *ending);
/* All of them at once; true when it fits. */
bool pack_path(char *path, size_t size, const char *fmt, ...)
    __attribute__((format(printf, 3, 4), warn_unused_result));
/* Paths of all files in the pack, in order. */
pack_list pack_files(krait_pack *pack);
bool pack_exists(krait_pack *pack, const char *path, krait_pack_kind *ret_kind);
/* False for a file that is larger than sources and metadata are: what is packed may come from anybody, and a
 * thousandth of what it unpacks to. */
bool pack_is_small(krait_pack *pack, const char *path);
/* The last part of a path, also of "x/" and "."; allocated. */
char *pack_own_name(const char *path);
/* Whole files of the host; 0, or an exit status after a message. */
int pack_read_host(const char *path, char **ret_text, size_t *ret_size);

/* Each step: 0, or an exit status after a message. */
typedef int (*pack_step)(pack_request *request);

/* pack_out.c: a whole command, after its options: `parsed` is 0, or an exit status and 1.  Takes the steps
 * until one fails or a signal comes, NULL ends them; or shows a module when that was asked for.  Releases
 * the request.  Ends as the signal would have that came, or with the status. */
int pack_run(pack_request *request, int parsed, const pack_step *steps);
/* Writes the module, and says what was written. */
int pack_write(pack_request *request);

/* pack_input.c: refuses an output that would take the place of what is packed. */
int pack_check_output(pack_request *request);
/* pack_base.c: the module, and its standard library. */
int pack_open_base(pack_request *request);
/* pack_gather.c: application, dependencies, data. */
int pack_gather(pack_request *request);
/* module_source.c: the same for `krait module`. */
int module_add(pack_request *request);
/* pack_wheel.c: a wheel into site-packages; or any zip archive into `folder` when it is none. */
int pack_add_wheel(pack_request *request, const char *path);
bool pack_is_wheel(const char *path);
/* Components for the distributions that are in site-packages. */
int pack_note_distributions(pack_request *request);
/* pack_entry.c: how the program starts. */
int pack_set_entry(pack_request *request);
/* pack_compile.c: sources become byte code. */
int pack_compile(pack_request *request);
/* pack_shake.c: only what is needed stays. */
int pack_shake(pack_request *request);
/* Writes down what was left out. */
int pack_report(pack_request *request);
/* pack_show.c: --list, --verify, --extract. */
int pack_show(pack_request *request);

/* pack_sandbox.c: the packed Python, in the sandbox.  What its memory, and the files in it, may take. */
#define PACK_MEMORY (UINT64_C(3) << 30)

typedef struct pack_python pack_python;

/* Starts nothing yet.  `request->pack` decides which Python it has to be. */
int pack_python_open(pack_request *request, pack_python **ret_python);
void pack_python_close(pack_python *python);
/* A sandbox for one run of `code` with arguments; files can be put into it before, and taken out
 * after. */
int pack_python_prepare(pack_python *python, const char *code, char **args, int arg_count,
                        const cli_grants *grants);
int pack_python_put(pack_python *python, const char *path, const void *bytes, size_t size);
int pack_python_run(pack_python *python, const char *what, uint32_t *ret_exit);
/* NULL when there is no such file. */
const char *pack_python_get(pack_python *python, const char *path, size_t *ret_size);

#endif /* KRAIT_CLI_PACK_H */
