/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What CPython's runner prints with -v, as far as its JUnit file does not say it: that a
 * module could not be imported or skipped itself, that a class or module was skipped by
 * its set-up, tests that failed only in subtests, and how a run ended that wrote no
 * file. Lib/test/libregrtest and unittest/runner.py of CPython 3.13 print these lines.
 */
#include "cli.h"
#include "suite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { FILE_MOST = 256 << 20 };

typedef struct log_reader {
    suite_module *module;
    size_t nameless; /* tests of the JUnit file that still have no name */
    char *failing;   /* from a heading; its reason is looked for */
    char *reason;
    bool in_traceback;
    bool import_failed;  /* "test X crashed": the traceback that follows is its reason */
    char *module_reason; /* of a skip or a failed import */
    bool module_skipped;
    char *complaint; /* the last line of krait's own */
    char *started;   /* the last test that was begun */
    bool has_result;
    bool succeeded;
} log_reader;

static void
replace(char **text, char *by)
{
    free(*text);
    *text = by;
}

/* The name in "method (test.module.Class.method) (i=1)", or in "setUpClass (test.module.Class)". */
static char *
name_of(const suite_module *module, const char *line, size_t size)
{
    const char *open = memchr(line, '(', size);
    const char *close = open != NULL ? memchr(open, ')', size - (size_t)(open - line)) : NULL;
    size_t first;
    size_t whole;
    char *id;
    char *name;

    if (close == NULL || open < line + 2 || open[-1] != ' ')
        return NULL;
    first = (size_t)(open - line) - 1;
    whole = (size_t)(close - open) - 1;
    if (memchr(line, ' ', first) != NULL || whole == 0)
        return NULL;
    if (whole > first && open[whole - first] == '.' &&
        strncmp(open + 1 + whole - first, line, first) == 0)
        return suite_case_name(module->name, open + 1, whole);
    id = cli_need(malloc(whole + first + 2));
    memcpy(id, open + 1, whole);
    id[whole] = '.';
    memcpy(id + whole + 1, line, first);
    id[whole + 1 + first] = '\0';
    name = suite_case_name(module->name, id, whole + 1 + first);
    free(id);
    return name;
}

static bool
has_case(const suite_module *module, const char *name, suite_outcome outcome)
{
    size_t i;

    for (i = 0; i < module->count; i++) {
        if (module->cases[i].outcome == outcome && strcmp(module->cases[i].name, name) == 0)
            return true;
    }
    return false;
}

/* The heading before was of a test that the JUnit file does not name as failing. */
static void
end_failing(log_reader *log)
{
    if (log->failing != NULL && !has_case(log->module, log->failing, SUITE_FAILED)) {
        suite_module_add(log->module, log->failing, SUITE_FAILED,
                         log->reason != NULL ? log->reason : "failed", 0.0);
        if (log->nameless > 0)
            log->nameless--;
    }
    replace(&log->failing, NULL);
    replace(&log->reason, NULL);
    log->in_traceback = false;
}

/* "setUpClass (test.module.Class) ... skipped 'why'" */
static void
take_setup_skip(log_reader *log, const char *line, size_t size)
{
    static const char mark[] = " ... skipped ";
    const char *found = memmem(line, size, mark, sizeof(mark) - 1);
    const char *reason;
    size_t length;
    char *name;

    if (found == NULL)
        return;
    reason = found + sizeof(mark) - 1;
    length = size - (size_t)(reason - line);
    if (length < 2)
        return;
    name = name_of(log->module, line, size);
    if (name != NULL) {
        char *text = suite_line(reason + 1, length - 2);

        suite_module_add(log->module, name, SUITE_SKIPPED, text, 0.0);
        free(text);
    }
    free(name);
}

/* "test_x skipped -- why": also a part of a module that is a package. */
static bool
take_module_skip(log_reader *log, const char *line, size_t size)
{
    static const char mark[] = " skipped -- ";
    const char *found = memmem(line, size, mark, sizeof(mark) - 1);
    size_t own = strlen(log->module->name);
    size_t length;

    if (found == NULL || strncmp(line, log->module->name, own) != 0)
        return false;
    length = (size_t)(found - line);
    if (memchr(line, ' ', length) != NULL)
        return false;
    found += sizeof(mark) - 1;
    if (log->module_reason == NULL) {
        log->module_reason = suite_line(found, size - (size_t)(found - line));
        log->module_skipped = true;
    }
    if (length > own + 1 && line[own] == '.') {
        char *part = suite_line(line + own + 1, length - own - 1);
        char *reason = suite_line(found, size - (size_t)(found - line));

        suite_module_add(log->module, part, SUITE_SKIPPED, reason, 0.0);
        free(part);
        free(reason);
    }
    return true;
}

static bool
starts(const char *line, size_t size, const char *with)
{
    return size >= strlen(with) && strncmp(line, with, strlen(with)) == 0;
}

/* The first line of a traceback that is not indented names the exception; of several
 * tracebacks the last one counts. */
static void
look_for_reason(log_reader *log, const char *line, size_t size)
{
    char **to = log->import_failed ? &log->module_reason : &log->reason;

    if (memmem(line, size, "Traceback (most recent call last)", 33) != NULL) {
        log->in_traceback = true;
    } else if (log->in_traceback && size > 0 && line[0] != ' ') {
        replace(to, suite_line(line, size));
        log->in_traceback = false;
    }
}

/* "test test_x crashed -- Traceback ...": the module, or a part of one that is a package. */
static void
take_crash(log_reader *log, const char *line, size_t size)
{
    size_t own = strlen(log->module->name);
    const char *name = line + 5;
    const char *end = memchr(name, ' ', size - 5);

    end_failing(log);
    if (end != NULL && (size_t)(end - name) > own + 1 && name[own] == '.') {
        log->failing = suite_line(name + own + 1, (size_t)(end - name) - own - 1);
    } else {
        log->import_failed = true;
        log->module_skipped = false;
    }
    log->in_traceback = true;
}

static void
take_started(log_reader *log, const char *line, size_t size)
{
    static const char mark[] = ") ... ";
    char *name;

    if (size < sizeof(mark) || memmem(line, size, mark, sizeof(mark) - 1) == NULL)
        return;
    name = name_of(log->module, line, size);
    if (name != NULL)
        replace(&log->started, name);
}

/* "== CPython 3.13.5 (main, ...)" */
static void
take_version(suite_module *module, const char *text)
{
    size_t size = strspn(text, "0123456789.abcr+");

    if (size < sizeof(module->version)) {
        memcpy(module->version, text, size);
        module->version[size] = '\0';
    }
}

/* Lines that stand for themselves; false: none of them. */
static bool
take_mark(log_reader *log, const char *line, size_t size)
{
    if (starts(line, size, "Result: ")) {
        log->has_result = true;
        log->succeeded = starts(line, size, "Result: SUCCESS");
    } else if (starts(line, size, "== CPython ")) {
        take_version(log->module, line + 11);
    } else if (starts(line, size, "krait: ")) {
        replace(&log->complaint, suite_line(line + 7, size - 7));
    } else if (starts(line, size, "setUpClass (") || starts(line, size, "setUpModule (")) {
        take_setup_skip(log, line, size);
    } else if (starts(line, size, "test ") && memmem(line, size, " crashed -- ", 12) != NULL) {
        take_crash(log, line, size);
    } else {
        return take_module_skip(log, line, size);
    }
    return true;
}

static void
take_line(log_reader *log, const char *line, size_t size)
{
    if (starts(line, size, "FAIL: ") || starts(line, size, "ERROR: ")) {
        const char *rest = strchr(line, ' ') + 1;

        end_failing(log);
        log->failing = name_of(log->module, rest, size - (size_t)(rest - line));
    } else if (starts(line, size, "======") || starts(line, size, "Ran ")) {
        end_failing(log);
    } else if (starts(line, size, "0:")) {
        end_failing(log);
        log->import_failed = false;
    } else if (!take_mark(log, line, size)) {
        if (log->failing != NULL || log->import_failed)
            look_for_reason(log, line, size);
        else
            take_started(log, line, size);
    }
}

static void
set_whole(suite_module *module, suite_outcome outcome, const char *reason)
{
    module->outcome = outcome;
    replace(&module->reason, suite_line(reason, strlen(reason)));
}

/* A run that did not come to its end. */
static void
set_broken(suite_module *module, const log_reader *log, const suite_ending *ending)
{
    char text[2 * SUITE_REASON_SIZE];
    char how[SUITE_REASON_SIZE + 1];

    if (ending->timed_out)
        snprintf(how, sizeof(how), "no end after %u seconds", ending->timeout_seconds);
    else if (log->complaint != NULL)
        snprintf(how, sizeof(how), "%s", log->complaint);
    else if (WIFSIGNALED(ending->status))
        snprintf(how, sizeof(how), "ended by signal %d", WTERMSIG(ending->status));
    else
        snprintf(how, sizeof(how), "exit status %d without a result", WEXITSTATUS(ending->status));
    if (log->started != NULL)
        snprintf(text, sizeof(text), "%s, in or after %s", how, log->started);
    else
        snprintf(text, sizeof(text), "%s", how);
    set_whole(module, SUITE_FAILED, text);
}

/* How the module ended as a whole. */
static void
conclude(suite_module *module, const log_reader *log, const suite_ending *ending)
{
    size_t i;

    if (ending->interrupted) {
        set_whole(module, SUITE_FAILED, "interrupted");
        return;
    }
    if (ending->timed_out || !log->has_result || WIFSIGNALED(ending->status)) {
        set_broken(module, log, ending);
        return;
    }
    for (i = 0; i < module->count; i++) {
        /* Parts that were skipped whole are no tests that ran. */
        if (module->cases[i].outcome != SUITE_SKIPPED || log->module_reason == NULL)
            break;
    }
    if (log->module_reason != NULL && !log->module_skipped)
        set_whole(module, SUITE_FAILED, log->module_reason);
    else if (log->module_reason != NULL && i == module->count)
        set_whole(module, SUITE_SKIPPED, log->module_reason);
    else if (module->count == 0)
        set_whole(module, SUITE_SKIPPED, "no tests ran");
    else if (!log->succeeded && module->totals[SUITE_FAILED] == 0)
        set_whole(module, SUITE_FAILED, "the runner reports a failure and names no test");
}

void
suite_read_log(suite_module *module, const char *text, size_t nameless, const suite_ending *ending)
{
    log_reader log = {.module = module, .nameless = nameless};

    while (*text != '\0') {
        size_t size = strcspn(text, "\n");

        take_line(&log, text, size);
        text += size + (text[size] == '\n');
    }
    end_failing(&log);
    for (; log.nameless > 0; log.nameless--)
        suite_module_add(module, "(no name)", SUITE_FAILED, "without a name in the results", 0.0);
    suite_module_finish(module);
    conclude(module, &log, ending);
    /* Tests of a module that counts as skipped or failed whole are not told apart. */
    if (module->outcome == SUITE_SKIPPED) {
        while (module->count > 0) {
            free(module->cases[--module->count].name);
            free(module->cases[module->count].reason);
        }
        suite_module_finish(module);
    }
    free(log.failing);
    free(log.reason);
    free(log.module_reason);
    free(log.complaint);
    free(log.started);
}

void
suite_read_result(suite_module *module, const char *junit_path, const char *log_path,
                  const suite_ending *ending)
{
    char *junit = suite_read_file(junit_path, FILE_MOST, NULL);
    char *log = suite_read_file(log_path, FILE_MOST, NULL);
    size_t nameless = 0;
    bool good = junit == NULL || suite_read_junit(module, junit, &nameless);

    suite_read_log(module, log != NULL ? log : "", nameless, ending);
    if (log == NULL)
        set_whole(module, SUITE_FAILED, strerror(errno));
    if (!good)
        set_whole(module, SUITE_FAILED, "the JUnit file cannot be read");
    free(junit);
    free(log);
}
