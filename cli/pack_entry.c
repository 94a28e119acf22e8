/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a packed program starts.
 *
 * What is given as a module, a function or code becomes a script in /app, so that sys.path[0] is
 * /app whatever the host does; a file or folder with __main__.py is started as python does it.
 */
#include "pack.h"

#include <stdlib.h>
#include <string.h>

#define LAUNCHER PACK_APP "/__krait_start__.py"

static int
failed(const krait_error *err)
{
    cli_error(err);
    return cli_status_of(err);
}

static int
set_start(pack_request *request, const char *path)
{
    char *copy = cli_need(strdup(path));

    free(request->start);
    request->start = copy;
    return 0;
}

static int
put_launcher(pack_request *request, const char *code)
{
    krait_error err;

    if (krait_pack_put(request->pack, LAUNCHER, code, strlen(code), INT64_MIN, &err) != KRAIT_OK)
        return failed(&err);
    return set_start(request, LAUNCHER);
}

/* A dotted name of ASCII letters: what else Python allows in names does not occur in entry points. */
static bool
is_name(const char *text, size_t size)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    bool begins = true;

    for (size_t i = 0; i < size; i++) {
        bool is_letter = text[i] != '\0' && strchr(letters, text[i]) != NULL;
        bool is_digit = text[i] >= '0' && text[i] <= '9';

        if (text[i] == '.' ? begins : !(is_letter || (is_digit && !begins)))
            return false;
        begins = text[i] == '.';
    }
    return size > 0 && !begins;
}

static int
put_module(pack_request *request, const char *name)
{
    char code[1024];

    if (!is_name(name, strlen(name)) || strlen(name) > 400) {
        pack_message(request, "'%s' is no name of a module", name);
        return KRAIT_EXIT_FAILED;
    }
    snprintf(code, sizeof(code),
             "import runpy\nrunpy.run_module('%s', run_name='__main__', alter_sys=True)\n", name);
    return put_launcher(request, code);
}

static int
put_function(pack_request *request, const char *entry)
{
    const char *colon = strchr(entry, ':');
    size_t size = (size_t)(colon - entry);
    char code[2048];

    if (!is_name(entry, size) || !is_name(colon + 1, strlen(colon + 1)) || strlen(entry) > 400) {
        pack_message(request, "'%s' is no MODULE:FUNCTION", entry);
        return KRAIT_EXIT_FAILED;
    }
    snprintf(code, sizeof(code), "import sys\nimport %.*s\nsys.exit(sys.modules['%.*s'].%s())\n",
             (int)size, entry, (int)size, entry, colon + 1);
    return put_launcher(request, code);
}

/* ---- of a wheel --------------------------------------------------------------------------- */

/* The one line of [console_scripts]: "NAME = MODULE:FUNCTION"; allocated, or NULL when there are none or
 * several. */
static char *
console_script(const char *text)
{
    const char *at = strstr(text, "[console_scripts]");
    char *found = NULL;

    if (at == NULL)
        return NULL;
    for (at += strcspn(at, "\n"); *at == '\n';) {
        const char *line = at + 1;
        size_t length = strcspn(line, "\n");
        const char *equals = memchr(line, '=', length);

        at = line + length;
        if (length > 0 && line[0] == '[')
            break;
        if (equals == NULL)
            continue;
        equals += 1 + strspn(equals + 1, " ");
        if (found != NULL) {
            free(found);
            return NULL;
        }
        found = cli_need(strndup(equals, strcspn(equals, " \r\n[;")));
    }
    return found;
}

/* SITE/NAME-VERSION.dist-info/entry_points.txt of NAME-VERSION-....whl. */
static bool
is_own(const pack_request *request, const char *path)
{
    const char *slash = strrchr(request->subject, '/');
    const char *name = slash != NULL ? slash + 1 : request->subject;
    size_t size = strcspn(name, "-");
    char wanted[PACK_PATH];

    size += name[size] == '-' ? 1 + strcspn(name + size + 1, "-") : 0;
    return pack_path(wanted, sizeof(wanted), "%s/%.*s.dist-info/entry_points.txt", request->site,
                     (int)size, name) &&
           strcmp(path, wanted) == 0;
}

static int
start_of_wheel(pack_request *request)
{
    pack_list files = pack_files(request->pack);
    char *script = NULL;
    unsigned count = 0;
    int exit_status;

    for (size_t i = 0; i < files.count; i++) {
        void *bytes = NULL;
        size_t size = 0;
        krait_error err;
        char *text;

        if (!is_own(request, files.items[i]) || !pack_is_small(request->pack, files.items[i]) ||
            krait_pack_get(request->pack, files.items[i], &bytes, &size, &err) != KRAIT_OK)
            continue;
        text = cli_need(malloc(size + 1));
        memcpy(text, bytes, size);
        text[size] = '\0';
        krait_pack_free_bytes(bytes);
        free(script);
        script = console_script(text);
        count += script != NULL;
        free(text);
    }
    pack_list_release(&files);
    if (count == 1 && script != NULL && strchr(script, ':') != NULL) {
        exit_status = put_function(request, script);
    } else {
        pack_message(request,
                     "'%s' does not have exactly one command of its own: say with --entry "
                     "MODULE[:FUNCTION] or -m MODULE what starts",
                     request->subject);
        exit_status = KRAIT_EXIT_FAILED;
    }
    free(script);
    return exit_status;
}

/* ---- of anything else --------------------------------------------------------------------- */

static bool
has_main(const pack_request *request, const char *folder)
{
    char path[PACK_PATH];

    return (pack_path(path, sizeof(path), "%s/__main__.py", folder) &&
            pack_exists(request->pack, path, NULL)) ||
           (pack_path(path, sizeof(path), "%s/__main__.pyc", folder) &&
            pack_exists(request->pack, path, NULL));
}

static int
start_of_folder(pack_request *request)
{
    if (!has_main(request, request->start)) {
        pack_message(request,
                     "'%s' has no __main__.py: say with --entry MODULE[:FUNCTION], -m MODULE or "
                     "-c CODE what starts",
                     request->subject);
        return KRAIT_EXIT_FAILED;
    }
    if (strcmp(request->start, PACK_APP) == 0)
        return 0;
    return put_module(request, request->start + sizeof(PACK_APP));
}

static int
default_start(pack_request *request)
{
    krait_pack_kind kind;

    if (request->subject == NULL)
        return 0;
    if (request->start == NULL)
        return start_of_wheel(request);
    if (pack_exists(request->pack, request->start, &kind) && kind == KRAIT_PACK_DIRECTORY)
        return start_of_folder(request);
    return 0;
}

/* The arguments that Python gets, and the rest of what the program starts with. */
static int
store(pack_request *request)
{
    krait_pack_start start;
    pack_list env = {NULL, 0};
    char program[PACK_PATH];
    const char *argv[1] = {program};
    krait_error err;
    int exit_status = 0;

    krait_pack_get_start(request->pack, &start);
    for (size_t i = 0; i < start.env_count; i++)
        pack_list_add(&env, start.env[i]);
    for (size_t i = 0; i < request->env.count && exit_status == 0; i++) {
        const char *variable = request->env.items[i];

        pack_list_add(&env, variable);
        /* The manifest has it, too, as JSON. */
        if (!cli_is_utf8(variable, strlen(variable))) {
            pack_message(request, "--env '%s' is not UTF-8", variable);
            exit_status = KRAIT_EXIT_FAILED;
        }
    }
    start.env = (const char *const *)env.items;
    start.env_count = env.count;
    if (request->writable != 0)
        start.memory_limit = (uint32_t)request->writable;
    if (request->start != NULL) {
        bool is_code = pack_ends_with(request->start, ".py") && request->sources == PACK_COMPILED;

        if (!pack_path(program, sizeof(program), "%s%s", request->start, is_code ? "c" : ""))
            exit_status = KRAIT_EXIT_FAILED;
        start.argv = argv;
        start.argv_count = 1;
    }
    if (exit_status == 0 && krait_pack_set_start(request->pack, &start, &err) != KRAIT_OK)
        exit_status = failed(&err);
    pack_list_release(&env);
    return exit_status;
}

int
pack_set_entry(pack_request *request)
{
    int exit_status = 0;

    switch (request->entry_kind) {
    case PACK_ENTRY_DEFAULT:
        exit_status = default_start(request);
        break;
    case PACK_ENTRY_CODE:
        exit_status = put_launcher(request, request->entry);
        break;
    case PACK_ENTRY_NAMED:
        exit_status = strchr(request->entry, ':') != NULL ? put_function(request, request->entry)
                                                          : put_module(request, request->entry);
        break;
    case PACK_ENTRY_MODULE:
        exit_status = put_module(request, request->entry);
        break;
    }
    return exit_status == 0 ? store(request) : exit_status;
}
