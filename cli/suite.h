/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of `krait test` (cmd_test.c, test_*.c) share: results of CPython's
 * own tests, what is expected of them, and the readers of the formats they are in.
 * Running out of memory ends the program, as elsewhere on the command line.
 */
#ifndef KRAIT_CLI_SUITE_H
#define KRAIT_CLI_SUITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Longest reason that is kept; the rest says nothing that the log does not. */
#define SUITE_REASON_SIZE 300

/* ---- test_result.c: results ---------------------------------------------------------------------------- */

typedef enum suite_outcome { SUITE_PASSED, SUITE_SKIPPED, SUITE_FAILED } suite_outcome;

typedef struct suite_case {
    char *name; /* "Class.method": without the package, the module and a subtest's values */
    char *reason;
    suite_outcome outcome;
    double seconds;
} suite_case;

typedef struct suite_module {
    char *name;
    char *reason;          /* why `outcome` is not SUITE_PASSED; else NULL */
    suite_outcome outcome; /* of the module as a whole: SUITE_PASSED means that it ran */
    suite_case *cases;
    size_t count;
    size_t room;
    size_t totals[3]; /* cases by outcome */
    double seconds;
    char version[16]; /* of the CPython that ran it; empty: it did not say */
    bool done;
} suite_module;

typedef struct suite_run {
    suite_module *modules; /* by name */
    size_t count;
    const char *on;      /* krait, wasmtime or native */
    const char *version; /* borrowed */
    double seconds;
} suite_run;

const char *suite_outcome_name(suite_outcome outcome);
void suite_module_add(suite_module *module, const char *name, suite_outcome outcome,
                      const char *reason, double seconds);
suite_case *suite_module_find(const suite_module *module, const char *name);
/* Sorts the cases and counts them; a name that occurs more than once stays so. */
void suite_module_finish(suite_module *module);
void suite_module_release(suite_module *module);
suite_module *suite_run_find(const suite_run *run, const char *name);
size_t suite_run_total(const suite_run *run, suite_outcome outcome);
/* One line, at most SUITE_REASON_SIZE bytes, allocated. */
char *suite_line(const char *text, size_t size);

/* ---- test_text.c: texts and names ---------------------------------------------------------- */

/* The whole file and a NUL, allocated; NULL with errno when it cannot be read or is larger
 * than `most`. */
char *suite_read_file(const char *path, size_t most, size_t *ret_size);
/* `*` in the pattern stands for any text. */
bool suite_matches(const char *pattern, const char *text);
/* What the tests of `module` call "test.MODULE.Class.method (i=1)": "Class.method". */
char *suite_case_name(const char *module, const char *id, size_t size);
int suite_compare_names(const void *a, const void *b); /* of two char * */

/* ---- test_xml.c: a pull reader for the XML that CPython's runner writes ----------------- */

typedef enum suite_xml_kind {
    SUITE_XML_START, /* <name>: `name`, attributes */
    SUITE_XML_END,   /* </name>, or the second half of <name/> */
    SUITE_XML_TEXT,  /* `text`, entities resolved; until the next call */
    SUITE_XML_DONE,
    SUITE_XML_BAD /* `text` says what, `line` where */
} suite_xml_kind;

enum { SUITE_XML_ATTRIBUTES = 16, SUITE_XML_DEPTH = 32, SUITE_XML_NAME = 64 };

typedef struct suite_xml {
    char *at; /* the text is changed while it is read */
    unsigned depth;
    unsigned line;
    char open[SUITE_XML_DEPTH][SUITE_XML_NAME];
    bool closing; /* the END of <name/> is due */
    bool hidden;  /* `at` stands on a '<' that a NUL covers */
    bool started;
    char name[SUITE_XML_NAME];
    const char *text;
    struct {
        char name[SUITE_XML_NAME];
        const char *value;
    } attributes[SUITE_XML_ATTRIBUTES];
    unsigned attribute_count;
} suite_xml;

/* `text` ends with a NUL, is changed by reading, and outlives the reader. */
void suite_xml_init(suite_xml *xml, char *text);
suite_xml_kind suite_xml_next(suite_xml *xml);
const char *suite_xml_attribute(const suite_xml *xml, const char *name); /* NULL: none */

/* ---- test_toml.c: the part of TOML that the expectations are written in ------------------ */

typedef struct suite_toml_entry {
    char **path; /* of the table, then the key */
    size_t depth;
    char **values;
    size_t count;
    bool is_array;
    unsigned line;
} suite_toml_entry;

typedef struct suite_toml {
    suite_toml_entry *entries; /* in the file's order; a table without keys is not here */
    size_t count;
    size_t room;
} suite_toml;

/* False after filling `ret_error` ("line 3: ..."). Release the document in both cases. */
bool suite_toml_parse(suite_toml *toml, const char *text, char ret_error[SUITE_REASON_SIZE]);
void suite_toml_release(suite_toml *toml);
void suite_toml_print_string(FILE *to, const char *text);

/* ---- test_json.c: JSON ---------------------------------------------------------------------- */

typedef enum suite_json_kind {
    SUITE_JSON_OBJECT,
    SUITE_JSON_ARRAY,
    SUITE_JSON_CLOSE, /* of the innermost object or array */
    SUITE_JSON_KEY,
    SUITE_JSON_STRING,
    SUITE_JSON_NUMBER,
    SUITE_JSON_WORD, /* true, false, null */
    SUITE_JSON_DONE,
    SUITE_JSON_BAD
} suite_json_kind;

enum { SUITE_JSON_DEPTH = 32 };

typedef struct suite_json {
    char *at; /* the text is changed while it is read */
    unsigned depth;
    char open[SUITE_JSON_DEPTH]; /* '{' or '[' */
    bool after_value;
    bool after_key;
    char *text; /* of a key or string */
    double number;
} suite_json;

void suite_json_init(suite_json *json, char *text);
suite_json_kind suite_json_next(suite_json *json);
/* Passes over the value that `kind` begins; false when it is bad. */
bool suite_json_skip(suite_json *json, suite_json_kind kind);
void suite_json_print_string(FILE *to, const char *text);

/* ---- test_log.c: what CPython's runner wrote ------------------------------------------------ */

typedef struct suite_ending {
    int status; /* as waitpid() gives it */
    unsigned timeout_seconds;
    bool timed_out;
    bool interrupted;
} suite_ending;

/* Fills the module from the JUnit file and the printed text of one run. */
void suite_read_result(suite_module *module, const char *junit_path, const char *log_path,
                       const suite_ending *ending);
bool suite_read_junit(suite_module *module, char *text, size_t *ret_nameless);
void suite_read_log(suite_module *module, const char *text, size_t nameless,
                    const suite_ending *ending);

/* ---- test_expect.c: the expectations -------------------------------------------------------- */

typedef struct suite_expected {
    char *module;
    char *name; /* a case, "Class.*", or NULL: the module as a whole */
    char *reason;
    char *needs; /* of failures and whole modules; NULL: by the reason */
    suite_outcome outcome;
} suite_expected;

typedef struct suite_need {
    char *name;
    char *pattern; /* of reasons */
} suite_need;

typedef struct suite_expectations {
    suite_expected *items; /* everything that is not passed, by module */
    size_t count;
    char **modules; /* every module, by name */
    size_t module_count;
    suite_need *needs; /* the first pattern that matches counts */
    size_t need_count;
    char **slow; /* modules worth starting first, slowest first */
    size_t slow_count;
} suite_expectations;

/* 0, or an exit status after a message. A missing file is an error. */
int suite_expectations_load(suite_expectations *expected, const char *path);
/* The same from a text; `path` is for messages. */
int suite_expectations_parse(suite_expectations *expected, const char *text, const char *path);
void suite_expectations_release(suite_expectations *expected);
bool suite_expectations_has(const suite_expectations *expected, const char *module);
/* The same order as in `items`: by module, wholes first, then by name. */
int suite_compare_expected(const void *a, const void *b);
/* The items of one module: the first, and how many. */
const suite_expected *suite_expectations_of(const suite_expectations *expected, const char *module,
                                            size_t *ret_count);
/* What is said of a case, or with NULL of the module; NULL: that it passes. */
const suite_expected *suite_expectations_find(const suite_expectations *expected,
                                              const char *module, const char *name);
/* What would make it pass; "" when nothing says so. */
const char *suite_needs(const suite_expectations *expected, const char *module, const char *name,
                        const char *reason);

/* ---- test_differ.c: a run against the expectations ------------------------------------------ */

/* Prints every difference, one line each, and returns how many. With `whole`, a module
 * that is expected and was not run is one. */
size_t suite_differences(const suite_run *run, const suite_expectations *expected, bool whole,
                         FILE *to);

/* ---- test_update.c -------------------------------------------------------------------------- */

/* Writes the expectations that this run would meet; reasons of failures and the table of
 * needs come from `before`, modules that were not run stay as they were. 0, or an exit
 * status after a message. */
int suite_update(const suite_run *run, const suite_expectations *before, const char *path);

/* ---- test_compare.c: another run of the same modules ---------------------------------------- */

typedef struct suite_other {
    char *on;
    char *version;
    struct suite_other_module {
        char *name;
        size_t totals[3];
        bool ran;
        char **missed; /* its tests that did not pass, by name */
        size_t missed_count;
    } *modules; /* by name */
    size_t count;
} suite_other;

/* 0, or an exit status after a message. */
int suite_other_load(suite_other *other, const char *path);
void suite_other_release(suite_other *other);
const struct suite_other_module *suite_other_find(const suite_other *other, const char *module);

/* What this run reaches of what the other passes: module by module, never more than
 * the other's. Both counts are of modules that both have. */
typedef struct suite_share {
    size_t reached;
    size_t passed;
} suite_share;

/* What is left out for want of threads, sockets, processes or dynamic loading, as the
 * expectations' needs say it. */
typedef enum suite_without {
    SUITE_WITHOUT_NOTHING,
    SUITE_WITHOUT_MODULES, /* modules that do not run, or of which no test passes, for it */
    SUITE_WITHOUT_TESTS    /* these, and single tests of other modules */
} suite_without;

suite_share suite_share_of(const suite_run *run, const suite_other *other,
                           const suite_expectations *expected, suite_without without);

/* ---- test_report.c, test_files.c: what comes out -------------------------------------------- */

void suite_print_table(const suite_run *run, const suite_other *others, size_t other_count);
void suite_print_needs(const suite_run *run, const suite_expectations *expected);
void suite_print_summary(const suite_run *run, const suite_expectations *expected,
                         const suite_other *others, size_t other_count);
/* 0, or an exit status after a message. */
int suite_write_json(const suite_run *run, const suite_expectations *expected, const char *path);
int suite_write_junit(const suite_run *run, const char *path);
/* A file that gets its name when it is whole. NULL after a message; else finish it: 0, or
 * an exit status after a message. */
FILE *suite_begin_file(const char *path, char **ret_partial);
int suite_finish_file(FILE *to, const char *path, char *partial);

/* ---- test_where.c: where the tests run ------------------------------------------------------- */

typedef struct suite_where {
    const char *on;
    char *program;    /* of native and wasmtime */
    char *script;     /* run-on-wasmtime.py */
    char *runtime;    /* host folder with usr/local and bin */
    char *tests;      /* host folder of the test package */
    char **arguments; /* for CPython's runner; borrowed */
    int argument_count;
    const char *memory; /* limit in the sandbox, as `krait run --memory` takes it; borrowed */
} suite_where;

/* A file of the source tree, below the working directory or beside the build folder that
 * this program is in; allocated, or NULL. */
char *suite_find_in_checkout(const char *name);
/* 0, or an exit status after a message. */
int suite_where_find(suite_where *where, const char *on);
/* True in the sandbox, in a snapshot or not: the same has to come out. */
bool suite_where_is_krait(const suite_where *where);
void suite_where_release(suite_where *where);
/* All modules of the test package, sorted; allocated. NULL after a message. */
char **suite_where_modules(const suite_where *where, size_t *ret_count);
/* The command for one module; `folder` is private to it. An allocated list that ends with NULL. */
char **suite_where_command(const suite_where *where, const char *folder, const char *module);
/* In the new process, before the command: its environment. */
void suite_where_enter(const suite_where *where, const char *folder);

/* ---- test_run.c: the processes ---------------------------------------------------------------- */

typedef struct suite_options {
    unsigned jobs;
    unsigned timeout_seconds;
    const char *keep_logs; /* folder for the printed texts, or NULL */
    bool progress;
} suite_options;

/* Runs all modules of the run, in the order of `order` (indices). Returns the signal
 * that stopped it, 0 when all were run, -1 after a message. */
int suite_run_all(suite_run *run, const size_t *order, const suite_where *where,
                  const suite_options *options);

#endif /* KRAIT_CLI_SUITE_H */
