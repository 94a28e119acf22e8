/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Imports and exports of WebAssembly: functions of the embedder that a module imports by module and
 * name (krait_config_add_import), and values that go through them and through
 * krait_sandbox_invoke().
 *
 * The functions of function.h are the comfortable way for Python.  These are the plain way for
 * modules of any language: numbers, and addresses in the guest's memory.
 */
#ifndef KRAIT_IMPORT_H
#define KRAIT_IMPORT_H

#include <krait/error.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One number of WebAssembly; its type is known from elsewhere. */
typedef union krait_value {
    uint32_t i32;
    uint64_t i64;
    float f32;
    double f64;
} krait_value;

/** The guest that called an import; valid during the call. */
typedef struct krait_guest krait_guest;

/**
 * An import.  `values` has its parameters, and values[0] receives its result.  0: it goes on;
 * everything else: the guest is stopped, as by a trap (KRAIT_RESULT_TRAPPED, KRAIT_TRAP_HOST).
 *
 * It runs on the thread and the stack that run the guest: it has 256 KiB of stack, comes back by
 * returning (no longjmp, no exception) and may not use the sandbox, but krait_sandbox_cancel() and
 * krait_sandbox_signal().  It may take its time: the guest's limits of time hold from when it
 * returns.  All that it is given may be what an attacker wants it to be.
 */
typedef int (*krait_import_fn)(void *data, krait_guest *guest, krait_value *values);

/**
 * The guest's memory (memory 0), to read and to write.
 *
 * @param guest    the guest, as an import got it
 * @param address  in its memory; of 32 bits in most modules, taken as 64 so that sums cannot wrap
 * @param size     how many bytes
 * @return the bytes, or NULL when one of them is outside of the memory; a size of 0 at its very end
 *         is inside
 *
 * Units:   bytes
 * Owner:   the guest: valid until the import returns.  A guest with threads can change them at any
 *          time: look at a copy
 * Errors:  NULL
 * Threads: the one that the import was called on
 * Source:  host/api/guest_imports.c
 * Since:   0.1
 */
KRAIT_API void *krait_guest_bytes(krait_guest *guest, uint64_t address, uint64_t size);

#ifdef __cplusplus
}
#endif

#endif /* KRAIT_IMPORT_H */
