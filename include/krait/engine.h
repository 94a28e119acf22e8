/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Engines and modules: code that is ready to run, and shared by all sandboxes.
 */
#ifndef KRAIT_ENGINE_H
#define KRAIT_ENGINE_H

#include <krait/error.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct krait_engine krait_engine;
typedef struct krait_module krait_module;

/**
 * Make an engine.  The first one of a process installs handlers for SIGSEGV and SIGBUS, which are
 * faults of guests, and for the real-time signal SIGRTMAX - 5, which interrupts them; what is not
 * the guest's goes to the handlers that were there.  While a thread runs a guest these three are not
 * blocked in it.
 *
 * @param ret_engine  receives the engine; untouched on failure
 * @param err         receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   none
 * Owner:   caller owns *ret_engine, releases it with krait_engine_free()
 * Errors:  KRAIT_EINVAL; KRAIT_ENOMEM; KRAIT_EIO no handler can be installed
 * Threads: any thread; an engine may be used by several at once
 * Source:  host/api/engine.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_engine_new(krait_engine **ret_engine, krait_error *err);

/** How much krait_engine_options.log is told; each level includes those before it. */
typedef enum krait_log_level {
    KRAIT_LOG_NONE = 0,
    KRAIT_LOG_ERROR = 1, /* something failed that no caller is told about */
    KRAIT_LOG_INFO = 2,  /* modules and sandboxes come and go, and how calls ended */
    KRAIT_LOG_DEBUG = 3  /* each call, with times */
} krait_log_level;

/** Gets one line of text without a newline; on any thread that uses the engine. */
typedef void (*krait_log_fn)(void *data, krait_log_level level, const char *text);

/** flags of krait_engine_options. */
enum {
    KRAIT_ENGINE_OWN_SIGNALS = 1u << 0 /* install no handlers: krait_handle_signal() */
};

/** Options of an engine; fill with KRAIT_ENGINE_OPTIONS_INIT first. */
typedef struct krait_engine_options {
    size_t size;               /* of this structure: KRAIT_ENGINE_OPTIONS_INIT sets it */
    uint32_t flags;            /* KRAIT_ENGINE_* */
    krait_log_level log_level; /* KRAIT_LOG_NONE */
    krait_log_fn log;          /* NULL: nobody */
    void *log_data;            /* its first argument; outlives the engine */
} krait_engine_options;

/** All defaults. */
#define KRAIT_ENGINE_OPTIONS_INIT {sizeof(krait_engine_options), 0, KRAIT_LOG_NONE, 0, 0}

/**
 * Make an engine with options; as krait_engine_new() otherwise.
 *
 * @param options     the options; NULL: all defaults
 * @param ret_engine  receives the engine; untouched on failure
 * @param err         receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   none
 * Owner:   caller owns *ret_engine, releases it with krait_engine_free(); options are copied
 * Errors:  KRAIT_EINVAL an option is unknown; KRAIT_ENOMEM; KRAIT_EIO no handler can be installed
 * Threads: any thread; an engine may be used by several at once
 * Source:  host/api/engine.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_engine_new_with(const krait_engine_options *options,
                                                            krait_engine **ret_engine,
                                                            krait_error *err);

/**
 * Handle a signal, for embedders that install the handlers themselves (KRAIT_ENGINE_OWN_SIGNALS).
 * They do so for SIGSEGV and SIGBUS, with SA_SIGINFO and SA_ONSTACK, and for SIGRTMAX - 5, with
 * SA_RESTART and all signals blocked besides; before the first sandbox runs.
 *
 * @param number   the handler's first argument
 * @param info     its second one, a siginfo_t
 * @param context  its third one
 * @return 1: it was the guest's, and the handler returns; 0: it was something else
 *
 * Units:   none
 * Owner:   none
 * Errors:  none
 * Threads: only in a handler of the signal; async-signal-safe
 * Source:  host/api/engine.c, host/engine/signals.c
 * Since:   0.1
 */
KRAIT_API int krait_handle_signal(int number, void *info, void *context);

/**
 * Release an engine.
 *
 * @param engine  the engine, or NULL; its modules must be closed before
 *
 * Units:   none
 * Owner:   takes the engine
 * Errors:  none
 * Threads: the last user
 * Source:  host/api/engine.c
 * Since:   0.1
 */
KRAIT_API void krait_engine_free(krait_engine *engine);

/**
 * Open a translated module (.krt, made by `krait compile`).  It is native code:
 * open only files that nobody but you can write.
 *
 * @param engine      the engine
 * @param path        file, NUL-terminated
 * @param ret_module  receives the module; untouched on failure
 * @param err         receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   none
 * Owner:   caller owns *ret_module, closes it with krait_module_close()
 * Errors:  KRAIT_ENOTFOUND no such file; KRAIT_EIO cannot be read; KRAIT_EFORMAT not a
 *          .krt, or one of another version; KRAIT_ENOMEM
 * Threads: any thread; a module may be shared by several
 * Source:  host/api/engine.c, host/engine/module.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_module_open(krait_engine *engine, const char *path,
                                                        krait_module **ret_module,
                                                        krait_error *err);

/**
 * Open an installed Python: a folder with python.krt and its standard library.  Sandboxes of such a
 * module see the library, read-only, at /usr/local/lib/python3.13, and are what
 * krait_sandbox_exec() and krait_sandbox_call() work with.
 *
 * @param engine      the engine
 * @param folder      the folder; NULL: the one that was installed with this library,
 *                    lib/krait/python3.13 beside or above the file that holds its code
 * @param ret_module  receives the module; untouched on failure
 * @param err         receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   none
 * Owner:   caller owns *ret_module, closes it with krait_module_close(); the folder has to stay
 *          as it is until then
 * Errors:  KRAIT_ENOTFOUND no Python there; KRAIT_EIO cannot be read; KRAIT_EFORMAT python.krt is
 *          damaged, or of another version; KRAIT_ENOMEM; KRAIT_EINVAL
 * Threads: any thread; a module may be shared by several
 * Source:  host/api/python.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_python_open(krait_engine *engine, const char *folder,
                                                        krait_module **ret_module,
                                                        krait_error *err);

/**
 * The same with another translation of the interpreter: one that counts what it executes
 * (`krait compile --meter`), or one that needs little address space (`--bounds-checked`).
 *
 * @param engine      the engine
 * @param folder      the folder; NULL: the one that was installed with this library
 * @param krt         the translation; NULL: python.krt of the folder
 * @param ret_module  receives the module; untouched on failure
 * @param err         receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   none
 * Owner:   as krait_python_open()
 * Errors:  as krait_python_open(): KRAIT_ENOTFOUND, KRAIT_EIO, KRAIT_EFORMAT, KRAIT_ENOMEM,
 *          KRAIT_EINVAL
 * Threads: any thread; a module may be shared by several
 * Source:  host/api/python.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_python_open_with(krait_engine *engine,
                                                             const char *folder, const char *krt,
                                                             krait_module **ret_module,
                                                             krait_error *err);

/**
 * Name an import of a module that no sandbox provides.
 *
 * @param module  the module
 * @param from    number of the import to begin with: 0, then what this function returned
 * @param text    receives "MODULE.NAME: TYPE", cut when it does not fit
 * @param size    size of text, at least 1
 * @return a number to go on with, or 0 when there is none from there on
 *
 * Units:   size in bytes
 * Owner:   text is the caller's storage
 * Errors:  none
 * Threads: any thread
 * Source:  host/api/engine.c, host/engine/link.c
 * Since:   0.1
 */
KRAIT_API size_t krait_module_missing(const krait_module *module, size_t from, char *text,
                                      size_t size);

/**
 * Name an export of a module.
 *
 * @param module  the module
 * @param from    number of the export to begin with: 0, then what this function returned
 * @param text    receives "NAME: TYPE", such as "process: func () -> i32" or "memory: memory", cut
 *                when it does not fit
 * @param size    size of text, at least 1
 * @return a number to go on with, or 0 when there is none from there on
 *
 * Units:   size in bytes
 * Owner:   text is the caller's storage
 * Errors:  none
 * Threads: any thread
 * Source:  host/api/engine.c
 * Since:   0.1
 */
KRAIT_API size_t krait_module_export(const krait_module *module, size_t from, char *text,
                                     size_t size);

/**
 * Look whether a module exports a function of this type, for krait_sandbox_invoke().
 *
 * @param module   the module
 * @param name     of the export
 * @param params   a letter for each parameter: i = i32, I = i64, f = f32, F = f64, v = v128
 * @param results  the same for results
 * @param err      receives the reason on failure; may be NULL
 * @return KRAIT_OK, or a code under Errors
 *
 * Units:   none
 * Owner:   none
 * Errors:  KRAIT_ENOTFOUND it exports no function of this name; KRAIT_EINVAL it has another type,
 *          which the text says
 * Threads: any thread
 * Source:  host/api/engine.c
 * Since:   0.1
 */
KRAIT_API KRAIT_MUST_USE krait_status krait_module_check_function(const krait_module *module,
                                                                  const char *name,
                                                                  const char *params,
                                                                  const char *results,
                                                                  krait_error *err);

/**
 * Close a module.
 *
 * @param module  the module, or NULL; its sandboxes must be released before
 *
 * Units:   none
 * Owner:   takes the module
 * Errors:  none
 * Threads: the last user
 * Source:  host/api/engine.c
 * Since:   0.1
 */
KRAIT_API void krait_module_close(krait_module *module);

#ifdef __cplusplus
}
#endif

#endif /* KRAIT_ENGINE_H */
