/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where CPython's tests run: in the sandbox, on wasmtime, or on a native CPython.  In
 * all three it is CPython's own runner, `-m test -v --junit-xml FILE MODULE`.
 *
 * The guest sees the test package where CPython installs it, read-only as the rest of
 * the library; on wasmtime, which cannot show one folder in another, beside it. In a snapshot it is
 * beside it, too: a change of the library is one of the start of Python. The runner works in a folder of
 * its own below /tmp.
 */
#include "cli.h"
#include "suite.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GUEST_TESTS    "/usr/local/lib/python3.13/test"
#define TESTS_FOLDER   "usr/local/share/krait/test-lib"
#define TESTS          TESTS_FOLDER "/test"
#define GUEST_TEST_LIB "/krait-tests"
#define GUEST_RESULTS  "/krait-results"
#define WASMTIME       "tools/run-on-wasmtime.py"
#define LIBRARY_SUFFIX "/usr/local/lib/python3.13"

char *
suite_find_in_checkout(const char *name)
{
    char *path;
    char *found = NULL;
    int level;

    if (access(name, R_OK) == 0)
        return cli_need(realpath(name, NULL));
    path = cli_own_program();
    if (path == NULL)
        return NULL;
    /* build/bin/krait, or build/preset/bin/krait */
    for (level = 0; level < 4 && found == NULL; level++) {
        char *slash = strrchr(path, '/');

        if (slash == NULL)
            break;
        *slash = '\0';
        if (level < 2)
            continue;
        found = cli_path_join(path, name);
        if (access(found, R_OK) != 0) {
            free(found);
            found = NULL;
        }
    }
    free(path);
    return found;
}

/* A program with a folder in its name is the same one from every working directory. */
static char *
whole_name(const char *program)
{
    char *real = strchr(program, '/') != NULL ? cli_path_host(program) : NULL;

    return real != NULL ? real : cli_need(strdup(program));
}

static int
find_platform(suite_where *where, const char *on)
{
    const char *equals = strchr(on, '=');
    size_t size = equals != NULL ? (size_t)(equals - on) : strlen(on);

    where->program = equals != NULL && equals[1] != '\0' ? whole_name(equals + 1) : NULL;
    if (strcmp(on, "krait") == 0 || strcmp(on, "snapshot") == 0) {
        where->on = on;
        return 0;
    }
    if (size == 6 && strncmp(on, "native", size) == 0 && where->program != NULL) {
        where->on = "native";
        return 0;
    }
    if (size == 8 && strncmp(on, "wasmtime", size) == 0) {
        where->on = "wasmtime";
        if (where->program == NULL)
            where->program = cli_need(strdup("python3"));
        where->script = suite_find_in_checkout(WASMTIME);
        if (where->script != NULL)
            return 0;
        cli_message("test: '%s' is not there; run this in a checkout of krait", WASMTIME);
        return KRAIT_EXIT_MISSING;
    }
    cli_message(
        "test: --on takes krait, snapshot, native=PROGRAM, wasmtime or wasmtime=PYTHON, not '%s'",
        on);
    return KRAIT_EXIT_FAILED;
}

bool
suite_where_is_krait(const suite_where *where)
{
    return strcmp(where->on, "krait") == 0 || strcmp(where->on, "snapshot") == 0;
}

int
suite_where_find(suite_where *where, const char *on)
{
    cli_runtime runtime = {.module = NULL};
    int status = find_platform(where, on);
    size_t size;

    if (status == 0)
        status = strcmp(where->on, "wasmtime") == 0 ? cli_runtime_find_portable(&runtime)
                                                    : cli_runtime_find(&runtime);
    if (status != 0)
        return status;
    where->runtime = realpath(runtime.library, NULL);
    cli_runtime_release(&runtime);
    size = where->runtime != NULL ? strlen(where->runtime) : 0;
    if (size <= strlen(LIBRARY_SUFFIX) ||
        strcmp(where->runtime + size - strlen(LIBRARY_SUFFIX), LIBRARY_SUFFIX) != 0) {
        cli_message("test: the Python runtime has an unknown layout");
        return KRAIT_EXIT_FAILED;
    }
    where->runtime[size - strlen(LIBRARY_SUFFIX)] = '\0';
    where->tests = cli_path_join(where->runtime, TESTS);
    if (access(where->tests, X_OK) != 0) {
        cli_message("test: '%s' is not there: this Python was built without its tests",
                    where->tests);
        return KRAIT_EXIT_MISSING;
    }
    return 0;
}

void
suite_where_release(suite_where *where)
{
    free(where->program);
    free(where->script);
    free(where->runtime);
    free(where->tests);
}

/* "test_x.py" and packages "test_x", as CPython's runner finds them; NULL: none. */
static char *
module_of(const suite_where *where, const char *name)
{
    size_t size = strlen(name);
    char *folder;
    char *init;
    bool found;

    if (strncmp(name, "test_", 5) != 0)
        return NULL;
    if (size > 8 && strcmp(name + size - 3, ".py") == 0)
        return cli_need(strndup(name, size - 3));
    folder = cli_path_join(where->tests, name);
    init = cli_path_join(folder, "__init__.py");
    found = strchr(name, '.') == NULL && access(init, R_OK) == 0;
    free(folder);
    free(init);
    return found ? cli_need(strdup(name)) : NULL;
}

char **
suite_where_modules(const suite_where *where, size_t *ret_count)
{
    DIR *folder = opendir(where->tests);
    char **names = NULL;
    size_t count = 0;
    const struct dirent *entry;

    if (folder == NULL) {
        cli_message("test: cannot read '%s': %s", where->tests, strerror(errno));
        return NULL;
    }
    names = cli_need(malloc(sizeof(char *)));
    while ((entry = readdir(folder)) != NULL) {
        char *name = module_of(where, entry->d_name);

        if (name == NULL)
            continue;
        names = cli_need(realloc(names, (count + 2) * sizeof(char *)));
        names[count++] = name;
    }
    closedir(folder);
    qsort(names, count, sizeof(char *), suite_compare_names);
    *ret_count = count;
    return names;
}

typedef struct command {
    char **words;
    size_t count;
} command;

/* Takes `word`, which is allocated. */
static void
add_own(command *line, char *word)
{
    line->words = cli_need(realloc(line->words, (line->count + 2) * sizeof(char *)));
    line->words[line->count++] = word;
    line->words[line->count] = NULL;
}

static void
add(command *line, const char *word)
{
    add_own(line, cli_need(strdup(word)));
}

/* --dir HOST::GUEST */
static void
add_grant(command *line, const char *folder, const char *name, const char *guest)
{
    char *host = cli_path_join(folder, name);
    char *text = NULL;

    if (asprintf(&text, "%s::%s", host, guest) < 0)
        text = NULL;
    free(host);
    add(line, "--dir");
    add_own(line, cli_need(text));
}

static void
add_wasmtime(command *line, const suite_where *where, const char *folder)
{
    add(line, where->script);
    /* os.makedirs() looks up to the root, which is only there when it is granted. */
    add_grant(line, folder, "root", "/");
    add_grant(line, folder, "tmp", "/tmp");
    add_grant(line, folder, "results", GUEST_RESULTS);
    add_grant(line, where->runtime, TESTS_FOLDER, "/" TESTS_FOLDER ":ro");
    add(line, "-e");
    add(line, "PYTHONPATH=/" TESTS_FOLDER);
    add(line, where->runtime);
}

/* What `-m test` would do. */
static void
add_snapshot(command *line, const suite_where *where, const char *folder)
{
    add(line, "--snapshot");
    add_grant(line, folder, "results", GUEST_RESULTS);
    add_grant(line, where->runtime, TESTS, GUEST_TEST_LIB "/test:ro");
    add(line, "-c");
    add(line, "import sys, runpy\n"
              "sys.path.append('" GUEST_TEST_LIB "')\n"
              "runpy.run_module('test', run_name='__main__', alter_sys=True)");
}

char **
suite_where_command(const suite_where *where, const char *folder, const char *module)
{
    command line = {.words = NULL};
    int i;

    if (suite_where_is_krait(where)) {
        char *program = cli_own_program();

        /* The one that users run, not the whole one behind it. */
        add_own(&line, program != NULL ? program : cli_need(strdup("/proc/self/exe")));
        add(&line, "run");
        add(&line, "--memory");
        add(&line, where->memory);
    } else {
        add(&line, where->program);
    }
    if (strcmp(where->on, "snapshot") == 0) {
        add_snapshot(&line, where, folder);
    } else {
        if (strcmp(where->on, "krait") == 0) {
            add_grant(&line, folder, "results", GUEST_RESULTS);
            add_grant(&line, where->runtime, TESTS, GUEST_TESTS ":ro");
        } else if (strcmp(where->on, "wasmtime") == 0) {
            add_wasmtime(&line, where, folder);
        }
        add(&line, "-m");
        add(&line, "test");
    }
    add(&line, "-v");
    add(&line, "--junit-xml");
    if (strcmp(where->on, "native") == 0)
        add_own(&line, cli_path_join(folder, "results/junit.xml"));
    else
        add(&line, GUEST_RESULTS "/junit.xml");
    for (i = 0; i < where->argument_count; i++)
        add(&line, where->arguments[i]);
    add(&line, module);
    return line.words;
}

void
suite_where_enter(const suite_where *where, const char *folder)
{
    static const char *const unset[] = {
        "PYTHONPATH",     "PYTHONHOME",     "PYTHONSTARTUP",          "PYTHONUNBUFFERED",
        "PYTHONWARNINGS", "PYTHONHASHSEED", "PYTHONDONTWRITEBYTECODE"};
    char *work;
    size_t i;

    if (strcmp(where->on, "native") != 0)
        return;
    for (i = 0; i < sizeof(unset) / sizeof(unset[0]); i++)
        unsetenv(unset[i]);
    work = cli_path_join(folder, "tmp");
    setenv("TMPDIR", work, 1);
    if (chdir(work) != 0)
        _exit(KRAIT_EXIT_FAILED);
    free(work);
}
