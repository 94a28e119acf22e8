/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `krait snapshot make` was asked for, kept for those that make images later.
 *
 * The file "wishes" beside the images: lines of a word, a blank and a value.  `import NAME`,
 * `run PATH`, `dir HOST::GUEST`; lines that are none of these are ignored.
 */
#include "images.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCRIPT_MAX (1 << 20)
#define FILE_MAX   (1 << 18)

/* ---- what is asked for -------------------------------------------------------------------- */

static bool
is_module_name(const char *name)
{
    if (name[0] == '\0' || name[0] == '.')
        return false;
    for (; *name != '\0'; name++) {
        const unsigned char c = (unsigned char)*name;

        if (c < 0x80 && c != '_' && c != '.' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') &&
            (c < 'a' || c > 'z'))
            return false;
    }
    return true;
}

static void
add_import(cli_wishes *wishes, const char *name)
{
    wishes->imports = cli_need(
        realloc(wishes->imports, (wishes->import_count + 1) * sizeof(*wishes->imports)));
    wishes->imports[wishes->import_count++] = cli_need(strdup(name));
}

int
cli_wishes_add_import(cli_wishes *wishes, const char *name)
{
    if (!is_module_name(name) || !cli_is_utf8(name, strlen(name))) {
        cli_message("--import: '%s' is not the name of a module", name);
        return KRAIT_EXIT_FAILED;
    }
    add_import(wishes, name);
    return 0;
}

int
cli_wishes_set_script(cli_wishes *wishes, const char *path)
{
    char *real = realpath(path, NULL);

    if (real == NULL) {
        cli_message("--run: cannot open '%s': %s", path, strerror(errno));
        return errno == ENOENT || errno == ENOTDIR ? KRAIT_EXIT_MISSING : KRAIT_EXIT_REFUSED;
    }
    free(wishes->script);
    wishes->script = real;
    return 0;
}

static bool
can_be_kept(const char *path)
{
    return strchr(path, '\n') == NULL && cli_is_utf8(path, strlen(path));
}

int
cli_wishes_check(const cli_wishes *wishes)
{
    const char *bad = wishes->script != NULL && !can_be_kept(wishes->script) ? wishes->script
                                                                             : NULL;
    size_t i;

    for (i = 0; i < wishes->grants.count; i++) {
        const cli_grant *grant = &wishes->grants.items[i];

        if (cli_path_below(grant->guest, "/usr/local") != NULL ||
            cli_path_below("/usr/local", grant->guest) != NULL) {
            cli_message("'%s' is where Python is: programs with such a grant start without a "
                        "snapshot",
                        grant->guest);
            return KRAIT_EXIT_FAILED;
        }
        if (!can_be_kept(grant->host_real) || !can_be_kept(grant->guest) ||
            strstr(grant->host_real, "::") != NULL)
            bad = grant->host_real;
    }
    if (bad == NULL)
        return 0;
    cli_message("the name of '%s' cannot be kept for later snapshots: use one of UTF-8 without "
                "line breaks and '::'",
                bad);
    return KRAIT_EXIT_FAILED;
}

bool
cli_wishes_are_empty(const cli_wishes *wishes)
{
    return wishes->import_count == 0 && wishes->script == NULL && wishes->grants.count == 0;
}

void
cli_wishes_release(cli_wishes *wishes)
{
    for (size_t i = 0; i < wishes->import_count; i++)
        free(wishes->imports[i]);
    free(wishes->imports);
    free(wishes->script);
    cli_grants_release(&wishes->grants);
    memset(wishes, 0, sizeof(*wishes));
}

/* ---- the file ----------------------------------------------------------------------------- */

/* All of a regular file, with a NUL behind it; NULL with errno. */
static char *
read_file(const char *path, int flags, size_t most, size_t *ret_size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags);
    char *text = fd >= 0 ? cli_need(malloc(most + 1)) : NULL;
    size_t used = 0;
    struct stat status;
    ssize_t count = -1;

    if (fd < 0)
        return NULL;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        errno = EINVAL;
    } else {
        while (used < most && (count = read(fd, text + used, most - used)) > 0)
            used += (size_t)count;
        if (count > 0 || used == most) {
            errno = EFBIG;
            count = -1;
        }
    }
    close(fd);
    if (count < 0) {
        free(text);
        return NULL;
    }
    text[used] = '\0';
    *ret_size = used;
    return text;
}

static void
load_grant(cli_wishes *wishes, char *value)
{
    char *separator = strstr(value, "::");
    cli_grant grant = {.read_only = true};
    struct stat status;

    if (separator == NULL)
        return;
    *separator = '\0';
    if (stat(value, &status) != 0 || !S_ISDIR(status.st_mode))
        return;
    grant.host = cli_need(strdup(value));
    grant.host_real = cli_need(strdup(value));
    grant.guest = cli_need(strdup(separator + 2));
    grant.name = cli_need(strdup(separator + 2));
    wishes->grants.items = cli_need(
        realloc(wishes->grants.items, (wishes->grants.count + 1) * sizeof(grant)));
    wishes->grants.items[wishes->grants.count++] = grant;
}

static void
load_line(cli_wishes *wishes, char *line)
{
    if (strncmp(line, "import ", 7) == 0 && is_module_name(line + 7)) {
        add_import(wishes, line + 7);
    } else if (strncmp(line, "run /", 5) == 0) {
        free(wishes->script);
        wishes->script = cli_need(strdup(line + 4));
    } else if (strncmp(line, "dir /", 5) == 0) {
        load_grant(wishes, line + 4);
    }
}

void
cli_wishes_load(cli_wishes *wishes, const cli_images *images)
{
    char *path = cli_path_join(images->folder, "wishes");
    size_t size;
    char *text = read_file(path, O_NOFOLLOW, FILE_MAX, &size);
    char *rest = NULL;

    memset(wishes, 0, sizeof(*wishes));
    free(path);
    if (text == NULL)
        return;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
        load_line(wishes, line);
    free(text);
}

static bool
write_lines(const cli_wishes *wishes, const char *temporary)
{
    FILE *file = fopen(temporary, "wxe");
    bool failed;

    if (file == NULL)
        return false;
    for (size_t i = 0; i < wishes->import_count; i++)
        fprintf(file, "import %s\n", wishes->imports[i]);
    if (wishes->script != NULL)
        fprintf(file, "run %s\n", wishes->script);
    for (size_t i = 0; i < wishes->grants.count; i++)
        fprintf(file, "dir %s::%s\n", wishes->grants.items[i].host_real,
                wishes->grants.items[i].guest);
    failed = ferror(file) != 0;
    return fclose(file) == 0 && !failed;
}

bool
cli_wishes_save(const cli_wishes *wishes, const cli_images *images)
{
    char *path = cli_path_join(images->folder, "wishes");
    char *temporary = cli_path_join(images->folder, ".wishes.new");
    bool saved;

    if (cli_wishes_are_empty(wishes)) {
        saved = unlink(path) == 0 || errno == ENOENT;
    } else {
        saved = write_lines(wishes, temporary) && rename(temporary, path) == 0;
        if (!saved)
            (void)unlink(temporary);
    }
    free(temporary);
    free(path);
    return saved;
}

/* ---- the code ----------------------------------------------------------------------------- */

/* JSON's texts and lists of them are Python's, too. */
static void
print_list(FILE *to, const char *name, char *const *items, size_t count)
{
    fprintf(to, "%s = [", name);
    for (size_t i = 0; i < count; i++) {
        cli_json_text(to, items[i]);
        fputc(',', to);
    }
    fputs("]\n", to);
}

/* Modules of granted folders are found while the folders are in sys.path: here, and in a program
 * that has them there. */
static void
print_code(FILE *to, const cli_wishes *wishes, const char *script, size_t size)
{
    const size_t count = wishes->grants.count;
    char **folders = cli_need(calloc(count, sizeof(*folders)));

    for (size_t i = 0; i < count; i++)
        folders[i] = wishes->grants.items[i].guest;
    fputs("import sys, importlib\n", to);
    print_list(to, "folders", folders, count);
    print_list(to, "names", wishes->imports, wishes->import_count);
    fputs("sys.path.extend(folders)\n"
          "try:\n"
          "    for name in names:\n"
          "        importlib.import_module(name)\n",
          to);
    if (script != NULL) {
        fputs("    exec(compile(", to);
        cli_json_bytes(to, script, size);
        fputs(", ", to);
        cli_json_text(to, wishes->script);
        fputs(", 'exec'), {'__name__': '__main__'})\n", to);
    }
    fputs("finally:\n"
          "    for name in folders:\n"
          "        sys.path.remove(name)\n"
          "        sys.path_importer_cache.pop(name, None)\n",
          to);
    free(folders);
}

bool
cli_wishes_code(const cli_wishes *wishes, char **ret_code, size_t *ret_size, char *why, size_t size)
{
    size_t script_size = 0;
    char *script = NULL;
    FILE *to;

    if (wishes->script != NULL) {
        script = read_file(wishes->script, 0, SCRIPT_MAX, &script_size);
        if (script == NULL || !cli_is_utf8(script, script_size)) {
            snprintf(why, size, "cannot read '%.300s': %s", wishes->script,
                     script == NULL ? strerror(errno) : "it is not UTF-8");
            free(script);
            return false;
        }
    }
    *ret_code = script;
    *ret_size = script_size;
    if (wishes->grants.count == 0) {
        if (script == NULL)
            *ret_code = cli_need(strdup(""));
        return true;
    }
    to = cli_need(open_memstream(ret_code, ret_size));
    print_code(to, wishes, script, script_size);
    if (fclose(to) != 0)
        (void)cli_need(NULL);
    free(script);
    return true;
}
