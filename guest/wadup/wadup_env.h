/* SPDX-License-Identifier: Apache-2.0 */
/* The four imports of <krait/module.h>.  The results are krait_env_status. */
#ifndef KRAIT_WADUP_ENV_H
#define KRAIT_WADUP_ENV_H

#include <krait/module.h>

#ifdef __wasm__
#define KRAIT_ENV_IMPORT(name)                                                                     \
    __attribute__((import_module(KRAIT_ENV_MODULE), import_name(name))) int32_t
#else /* who links it defines them */
#define KRAIT_ENV_IMPORT(name) int32_t
#endif

KRAIT_ENV_IMPORT(KRAIT_ENV_DEFINE_TABLE)
krait_env_define_table(const char *name, size_t name_size, const char *columns, size_t size);

KRAIT_ENV_IMPORT(KRAIT_ENV_INSERT_ROW)
krait_env_insert_row(const char *table, size_t table_size, const char *row, size_t size);

KRAIT_ENV_IMPORT(KRAIT_ENV_EMIT_BYTES)
krait_env_emit_bytes(const void *data, size_t size, const char *filename, size_t filename_size);

KRAIT_ENV_IMPORT(KRAIT_ENV_EMIT_SLICE)
krait_env_emit_slice(uint32_t offset, uint32_t length, const char *filename, size_t filename_size);

#undef KRAIT_ENV_IMPORT

#endif /* KRAIT_WADUP_ENV_H */
