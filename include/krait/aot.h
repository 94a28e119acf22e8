/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The translator: WebAssembly modules to native code (.krt files).
 *
 *     krait_aot_options options = KRAIT_AOT_OPTIONS_INIT;
 *     krait_error error;
 *
 *     if (krait_aot_compile("app.wasm", "app.krt", &options, &error) != KRAIT_OK)
 *         fprintf(stderr, "%s\n", error.text);
 *
 * A module is read, validated, written as C into a private directory, compiled
 * by the machine's C compiler in parallel and linked; the result takes the name
 * of the output file in one step.  This is a library of its own (krait-aot):
 * what only runs .krt files does not need it.  docs/aot.md says how it works.
 */
#ifndef KRAIT_AOT_H
#define KRAIT_AOT_H

#include <krait/error.h>

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How the C compiler is kept from the rest of the system; see docs/aot.md. */
typedef enum krait_aot_confine {
    KRAIT_AOT_CONFINE_AUTO = 0,    /* with all that the kernel has */
    KRAIT_AOT_CONFINE_REQUIRE = 1, /* fail with KRAIT_EUNSUPPORTED where something is missing */
    KRAIT_AOT_CONFINE_OFF = 2      /* limits of time, memory and file size only */
} krait_aot_confine;

/** No limit, for the limits in krait_aot_options. */
#define KRAIT_AOT_NO_LIMIT ((unsigned)-1)

/** How to compile.  Start from KRAIT_AOT_OPTIONS_INIT; zero is the default of every field. */
typedef struct krait_aot_options {
    size_t size;             /* sizeof(krait_aot_options), set by KRAIT_AOT_OPTIONS_INIT */
    const char *cc;          /* C compiler, a path or a name on PATH; default: $KRAIT_CC, else the
                              newest clang-N from 18 on, clang, gcc, cc */
    const char *opt_level;   /* what follows -O: "0" to "3", "s" ...; default "2" */
    const char *emit_c;      /* existing directory that keeps the C files; default: none are kept */
    unsigned jobs;           /* compilers at once; default: processors; at most 256 */
    unsigned parts;          /* C files for the functions; default by size; at most 999 */
    unsigned meter;          /* 1: count what is executed, see krait_config_set_fuel() */
    unsigned bounds_checked; /* 1: check every access, so that a memory needs no more address
                              space than its maximum; default: it reserves 8 GiB */

    /* Limits for what a hostile module makes the C compiler do. */
    krait_aot_confine confine;
    unsigned timeout_s;      /* the whole work; default 3600 */
    unsigned cpu_s;          /* processor time of each compiler; default 120 */
    unsigned memory_mib;     /* address space of each compiler; default 4096 */
    unsigned plain_function; /* functions of more instructions are compiled with -O0; default
                              100,000 */
    unsigned max_function;   /* modules with functions of more instructions are refused; default
                              1,000,000 */

    /** Called after each step: `done` of `total`; from the calling thread. */
    void (*progress)(void *user, unsigned done, unsigned total);
    /** Called with each command line and with what compilers say, one line at a time. */
    void (*log)(void *user, const char *line);
    /** Called with one line for what the caller should know, such as functions that could
     *  only be compiled without optimisation. */
    void (*note)(void *user, const char *line);
    void *user; /* first argument of all three */

    /** When not NULL and set to anything but 0 (by a signal handler, say), the
     *  work stops within a second and fails with KRAIT_EBUSY. */
    const volatile sig_atomic_t *cancel;

    /** A file with names of functions, as the module's name section has them: one in each line,
     *  at most 16 MiB; empty lines and lines that begin with '#' are skipped.  Their code lies
     *  side by side in this order, so that a short run of a large module enters fewer pages of it.
     *  What the functions do is the same.  Names that no function has are told to `note`. */
    const char *first;
} krait_aot_options;

/** The start value of options. */
#define KRAIT_AOT_OPTIONS_INIT                                                                     \
    {sizeof(krait_aot_options),                                                                    \
     0,                                                                                            \
     0,                                                                                            \
     0,                                                                                            \
     0,                                                                                            \
     0,                                                                                            \
     0,                                                                                            \
     0,                                                                                            \
     KRAIT_AOT_CONFINE_AUTO,                                                                       \
     0,                                                                                            \
     0,                                                                                            \
     0,                                                                                            \
     0,                                                                                            \
     0,                                                                                            \
     0,                                                                                            \
     0,                                                                                            \
     0,                                                                                            \
     0,                                                                                            \
     0,                                                                                            \
     0}

/**
 * Check that bytes are a valid module of the supported features.
 *
 * @param wasm  the module
 * @param size  its size
 * @param err   receives the reason on failure: offset, section, function; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   size in bytes; at most 256 MiB
 * Owner:   nothing is kept
 * Errors:  KRAIT_EFORMAT malformed or invalid; KRAIT_EUNSUPPORTED a feature that is not
 *          translated; KRAIT_ELIMIT larger than supported; KRAIT_ENOMEM
 * Threads: any thread
 * Source:  aot/translate.c; WebAssembly core 2.0 chapters 3 and 5
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_aot_validate(const void *wasm, size_t size,
                                                         krait_error *err);

/**
 * Translate a module to C without compiling it.  Files of the same names in
 * the directory are replaced; their bytes depend on the module and `parts` only.
 *
 * @param wasm       the module
 * @param size       its size
 * @param directory  existing directory that receives the files
 * @param parts      number of files for the functions; 0: by size
 * @param err        receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   size in bytes; parts at most 999
 * Owner:   nothing is kept
 * Errors:  as krait_aot_validate(); KRAIT_EIO a file cannot be written
 * Threads: any thread
 * Source:  aot/translate.c, aot/emit_module.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_aot_translate(const void *wasm, size_t size,
                                                          const char *directory, unsigned parts,
                                                          krait_error *err);

/**
 * Make a .krt from a .wasm file.  On failure the output file is as it was
 * before.  Temporary files are in $TMPDIR or /tmp and are removed in any case.
 *
 * @param wasm_path  the module to read
 * @param krt_path   the file to make or replace
 * @param options    how; NULL: all defaults
 * @param err        receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   none
 * Owner:   nothing is kept
 * Errors:  KRAIT_ENOTFOUND the module does not exist; KRAIT_EINVAL it cannot be read, or an
 *          option is wrong; as krait_aot_validate(); KRAIT_EIO output or temporary files cannot be
 *          written, options.first cannot be read, or the compiler is missing or fails;
 *          KRAIT_EBUSY cancelled
 * Threads: any thread; starts child processes and waits for them
 * Source:  aot/build.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_aot_compile(const char *wasm_path, const char *krt_path,
                                                        const krait_aot_options *options,
                                                        krait_error *err);

/**
 * Translate a module, or find that it was translated before.  Processes that need the
 * same translation at the same time wait for one of them.
 *
 * @param wasm_path  the module to read
 * @param folder     existing directory that keeps translations; nobody else can write to it
 * @param options    how; NULL: all defaults; results of other options are other files
 * @param remake     1: what is there is damaged, translate again
 * @param ret_path   receives the path of the .krt
 * @param path_size  size of ret_path in bytes
 * @param err        receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   path_size in bytes
 * Owner:   nothing is kept; ret_path is the caller's storage
 * Errors:  as krait_aot_compile(); KRAIT_EIO also when the folder cannot be used
 * Threads: any thread; starts child processes and waits for them
 * Source:  aot/cache.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_aot_cached(const char *wasm_path, const char *folder,
                                                       const krait_aot_options *options,
                                                       unsigned remake, char *ret_path,
                                                       size_t path_size, krait_error *err);

/**
 * Say what a file is: imports, exports, memories, features and more of a module, origin and
 * integrity of a .krt.  Nothing of it is executed.
 *
 * @param path      a .wasm or .krt file
 * @param json      1: one JSON object (RFC 8259) and a newline; 0: lines for people
 * @param ret_text  receives the text, NUL-terminated
 * @param err       receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   none
 * Owner:   caller owns *ret_text, releases it with krait_aot_inspect_free()
 * Errors:  KRAIT_ENOTFOUND no such file; KRAIT_EINVAL it cannot be read; KRAIT_EFORMAT it is
 *          damaged; as krait_aot_validate() for a module
 * Threads: any thread
 * Source:  aot/inspect.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_aot_inspect(const char *path, unsigned json,
                                                        char **ret_text, krait_error *err);

/**
 * Release what krait_aot_inspect() has given.
 *
 * @param text  the text, or NULL
 *
 * Units:   none
 * Owner:   takes the text
 * Errors:  none
 * Threads: any thread
 * Source:  aot/inspect.c
 * Since:   0.1
 */
KRAIT_API void krait_aot_inspect_free(char *text);

#ifdef __cplusplus
}
#endif

#endif /* KRAIT_AOT_H */
