/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Modules that process documents: what such a module exports and imports, the codes that go back to it,
 * names of its files, and the words of its JSON.  Both sides include this header: guest/wadup and
 * guest/module, and who runs modules.  docs/module-interface.md explains it.
 *
 * Exports.
 *
 *   process() -> i32   once per document; 0, or the document has failed and what it gave is dropped
 *   memory             memory 0
 *   _initialize()      optional: called once, before anything else
 *
 * Imports, from the module "env"; all parameters and results are i32.  Pointers are addresses in memory
 * 0, lengths are bytes, texts are UTF-8 without NUL at their end.  The host has copied what it
 * needs when it returns.  The result is a krait_env_status.
 *
 *   define_table(name, name_len, columns, columns_len)
 *   insert_row(table, table_len, row, row_len)
 *   emit_subcontent_bytes(data, data_len, filename, filename_len)
 *   emit_subcontent_slice(offset, length, filename, filename_len)    offset in the document
 *
 * JSON.  Columns: [{"name":"a","data_type":"Int64"},...]; a row: [{"Int64":42},...], one object of
 * one member for each column, in their order.  Members of an object may come in any order, white space
 * may be everywhere, unknown data types and kinds of values are KRAIT_ENV_MALFORMED.
 *
 *   {"Int64":-3}         all digits, no '.', no exponent; -2^63 to 2^63 - 1
 *   {"Float64":0.5}      a JSON number, read as strtod() would; or one of the strings "inf", "-inf",
 *                        "nan" (bits 7ff8000000000000) and "nan:0x" with 16 hexadecimal digits: all
 *                        bits of another NaN
 *   {"String":"text"}    any Unicode text, U+0000 included, without surrogates alone
 *   {"Boolean":true}
 *   {"Bytes":"AAEC"}     base64, RFC 4648 section 4, with padding
 *   {"Null":null}        in a column of any type
 *
 * An Int64 may stand in a Float64 column.  Nothing else is converted: KRAIT_ENV_TYPE.
 *
 * The second interface, for who has no imports, is files: /metadata/NAME.json, and /subcontent/data_N.bin
 * followed by /subcontent/metadata_N.json.  Each is taken when it is closed, and removed.
 *
 *   {"tables":[{"name":"t","columns":COLUMNS},...],"rows":[{"table_name":"t","values":ROW},...]}
 *   {"filename":"x"}                            data_N.bin is the sub-content
 *   {"filename":"x","offset":0,"length":100}    a slice of the document is
 */
#ifndef KRAIT_MODULE_H
#define KRAIT_MODULE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What the guest exports. */
#define KRAIT_MODULE_PROCESS "process"

/** The module that it imports from, and the names of the functions. */
#define KRAIT_ENV_MODULE       "env"
#define KRAIT_ENV_DEFINE_TABLE "define_table"
#define KRAIT_ENV_INSERT_ROW   "insert_row"
#define KRAIT_ENV_EMIT_BYTES   "emit_subcontent_bytes"
#define KRAIT_ENV_EMIT_SLICE   "emit_subcontent_slice"

/** X(NAME, code, text) for each code but 0; the texts complete "Failed to ...: ". */
#define KRAIT_ENV_CODES(X)                                                                         \
    X(FAILED, -1, "the host could not do it")                                                      \
    X(MALFORMED, -2, "malformed text")                                                             \
    X(NO_TABLE, -3, "there is no such table")                                                      \
    X(COUNT, -4, "wrong number of values")                                                         \
    X(TYPE, -5, "a value has the wrong type")                                                      \
    X(SCHEMA, -6, "the table exists already, with other columns")                                  \
    X(LIMIT, -7, "a limit was reached")                                                            \
    X(BOUNDS, -8, "the slice is not inside of the document")                                       \
    X(NAME, -9, "a name is empty, too long, reserved, or there twice")                             \
    X(STATE, -10, "no document is being processed")

/** Results of the four functions. */
typedef enum krait_env_status {
    KRAIT_ENV_OK = 0,
/* An enumerator for each. */
#define KRAIT_ENV_CODE_(name, code, text) KRAIT_ENV_##name = code,
    KRAIT_ENV_CODES(KRAIT_ENV_CODE_)
#undef KRAIT_ENV_CODE_
} krait_env_status;

/** What a code says, in a few words; "unknown error" for others. */
static inline const char *
krait_env_reason(int code)
{
    switch (code) {
    case KRAIT_ENV_OK:
        return "no error";
/* A case for each. */
#define KRAIT_ENV_CODE_(name, number, text)                                                        \
    case number:                                                                                   \
        return text;
        KRAIT_ENV_CODES(KRAIT_ENV_CODE_)
#undef KRAIT_ENV_CODE_
    default:
        return "unknown error";
    }
}

/** X(NAME, word) for each type of a column: the word is its data_type and the kind of its values. */
#define KRAIT_ENV_TYPES(X)                                                                         \
    X(INT64, "Int64")                                                                              \
    X(FLOAT64, "Float64")                                                                          \
    X(STRING, "String")                                                                            \
    X(BOOLEAN, "Boolean")                                                                          \
    X(BYTES, "Bytes")

/** The kind of a value that is none. */
#define KRAIT_ENV_NULL "Null"

/** Names of tables and columns: 1 to so many bytes of UTF-8 without NUL.  A table's must not begin with
 *  one of the reserved words; a column's must not be KRAIT_ENV_UUID_COLUMN; two names must not be equal
 *  or differ in the case of ASCII letters only.  All of that is compared without that case. */
#define KRAIT_ENV_NAME_MAX 255u

/** X(word): how names of tables must not begin. */
#define KRAIT_ENV_RESERVED(X) X("__wadup_") X("__krait_") X("sqlite_")

/** A column that every table has. */
#define KRAIT_ENV_UUID_COLUMN "content_uuid"

/** Columns of a table, at most: SQLite's 2000 without that one.  There may be none. */
#define KRAIT_ENV_COLUMNS_MAX 1999u

/** Bytes of the filename of sub-content, at most; it may be empty, has no NUL, and names no place. */
#define KRAIT_ENV_FILENAME_MAX 4096u

/** The document of this call of process(), read-only; and a JSON object that describes it:
 *  {"filename":"b.txt","path":"in/a.zip!b.txt","size":12,"sha256":"...","type":"text/plain",
 *  "depth":0,"parent":null,"uuid":"..."}; "parent" is null or a uuid. */
#define KRAIT_MODULE_DOCUMENT    "/data.bin"
#define KRAIT_MODULE_DESCRIPTION "/data.json"

/** Directories of the second interface, and its names. */
#define KRAIT_MODULE_METADATA          "/metadata"
#define KRAIT_MODULE_SUBCONTENT        "/subcontent"
#define KRAIT_MODULE_METADATA_SUFFIX   ".json"
#define KRAIT_MODULE_SUBCONTENT_DATA   "data_"     /* and a number, and ".bin" */
#define KRAIT_MODULE_SUBCONTENT_PREFIX "metadata_" /* and the same number, and ".json" */

/** Environment variable with the document's filename, where each document has an instance of its own. */
#define KRAIT_MODULE_FILENAME_VARIABLE "WADUP_FILENAME"

/** Custom section of modules that `krait module` made, a JSON object: {"format":1,"python":"3.13",
 *  "script":"/app/script.py" or "entry":"pkg.mod[:func]","runtime":SHA-256 of the module runtime,
 *  "name":"..."}. */
#define KRAIT_MODULE_SECTION "krait.module"
#define KRAIT_MODULE_FORMAT  1

#ifdef __cplusplus
}
#endif

#endif /* KRAIT_MODULE_H */
