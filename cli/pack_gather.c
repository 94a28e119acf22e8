/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes into a pack besides Python: the application, what it needs, data.
 */
#include "pack.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int
failed(const krait_error *err)
{
    cli_error(err);
    return cli_status_of(err);
}

static int
add(pack_request *request, const char *host, const char *guest)
{
    krait_error err;

    if (krait_pack_add(request->pack, host, guest, KRAIT_PACK_WITHOUT_CACHES, &err) != KRAIT_OK)
        return failed(&err);
    return 0;
}

/* ---- the application ---------------------------------------------------------------------- */

static bool
is_archive(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    char head[4] = "";
    bool is = fd >= 0 && read(fd, head, 4) == 4 && memcmp(head, "PK\3\4", 4) == 0;

    if (fd >= 0)
        close(fd);
    return is || pack_ends_with(path, ".pyz") || pack_ends_with(path, ".zip");
}

char *
pack_own_name(const char *path)
{
    char *real = realpath(path, NULL);
    const char *slash = real != NULL ? strrchr(real, '/') : NULL;
    char *name = cli_need(strdup(slash != NULL && slash[1] != '\0' ? slash + 1 : "app"));

    free(real);
    return name;
}

/* A folder is what sys.path gets, unless it is a package itself: then it is one in /app. */
static int
add_folder(pack_request *request)
{
    char *init = cli_path_join(request->subject, "__init__.py");
    bool is_package = access(init, F_OK) == 0;
    char path[PACK_PATH] = PACK_APP;
    int exit_status = 0;

    free(init);
    if (is_package) {
        char *name = pack_own_name(request->subject);

        if (!pack_path(path, sizeof(path), PACK_APP "/%s", name))
            exit_status = KRAIT_EXIT_FAILED;
        free(name);
    }
    if (exit_status == 0)
        exit_status = add(request, request->subject, path);
    if (exit_status == 0)
        request->start = cli_need(strdup(path));
    return exit_status;
}

static int
add_script(pack_request *request)
{
    const char *slash = strrchr(request->subject, '/');
    char path[PACK_PATH];
    int exit_status;

    if (!pack_path(path, sizeof(path), PACK_APP "/%s",
                   slash != NULL ? slash + 1 : request->subject))
        return KRAIT_EXIT_FAILED;
    exit_status = add(request, request->subject, path);
    if (exit_status == 0)
        request->start = cli_need(strdup(path));
    return exit_status;
}

static int
add_archive(pack_request *request)
{
    krait_error err;

    if (krait_pack_add_zip(request->pack, request->subject, PACK_APP, &err) != KRAIT_OK)
        return failed(&err);
    request->start = cli_need(strdup(PACK_APP));
    return 0;
}

static int
add_application(pack_request *request)
{
    struct stat status;

    if (request->subject == NULL)
        return 0;
    if (stat(request->subject, &status) == 0 && S_ISDIR(status.st_mode))
        return add_folder(request);
    if (pack_is_wheel(request->subject))
        return pack_add_wheel(request, request->subject);
    if (is_archive(request->subject))
        return add_archive(request);
    return add_script(request);
}

/* ---- dependencies and data ---------------------------------------------------------------- */

static int
add_dependency(pack_request *request, const char *path)
{
    struct stat status;

    if (pack_is_wheel(path))
        return pack_add_wheel(request, path);
    if (request->version[0] == '\0') {
        pack_message(request,
                     "--deps needs to know the version of Python, and '%s' has no standard "
                     "library inside or beside it",
                     request->module);
        return KRAIT_EXIT_FAILED;
    }
    if (stat(path, &status) == 0 && !S_ISDIR(status.st_mode)) {
        pack_message(request, "--deps takes a folder or a wheel (*.whl), not '%s'", path);
        return KRAIT_EXIT_FAILED;
    }
    return add(request, path, request->site);
}

static int
add_data(pack_request *request, const char *text)
{
    const char *colons = strstr(text, "::");
    char host[PACK_PATH];
    krait_error err;

    if (colons == NULL || colons == text || colons[2] != '/') {
        pack_message(request, "--add takes HOST::GUEST, where GUEST begins with '/', not '%s'",
                     text);
        return KRAIT_EXIT_FAILED;
    }
    if (!pack_path(host, sizeof(host), "%.*s", (int)(colons - text), text))
        return KRAIT_EXIT_FAILED;
    if (krait_pack_add(request->pack, host, colons + 2, 0, &err) != KRAIT_OK)
        return failed(&err);
    return 0;
}

/* ---- what cannot be used ------------------------------------------------------------------ */

static bool
is_native(const char *path)
{
    return pack_ends_with(path, ".so") || pack_ends_with(path, ".pyd") ||
           pack_ends_with(path, ".dylib") || pack_ends_with(path, ".dll") ||
           strstr(path, ".so.") != NULL;
}

/* What pip writes about the machine that it ran on. */
static bool
is_of_the_machine(const pack_request *request, const char *path)
{
    size_t size = strlen(request->site);

    if (!pack_is_below(path, request->site))
        return false;
    return strstr(path + size, ".dist-info/") != NULL &&
           (pack_ends_with(path, "/direct_url.json") || pack_ends_with(path, "/REQUESTED") ||
            pack_ends_with(path, "/INSTALLER"));
}

/* Scripts that name the Python of this machine: pip puts them into bin, which is no package. */
static int
leave_out_scripts(pack_request *request)
{
    char folder[160];
    char init[192];
    krait_error err;

    snprintf(folder, sizeof(folder), "%s/bin", request->site);
    snprintf(init, sizeof(init), "%s/__init__.py", folder);
    if (!pack_exists(request->pack, folder, NULL) || pack_exists(request->pack, init, NULL))
        return 0;
    return krait_pack_remove(request->pack, folder, &err) == KRAIT_OK ? 0 : failed(&err);
}

/* Only `krait pack` goes on without it: who has a script run a million times wants to know before. */
static int
refuse_native(const pack_request *request, const char *path)
{
    if (!request->document.is_wanted) {
        pack_message(request, "left out '%s': native code of another system", path);
        return 0;
    }
    pack_message(request,
                 "'%s' is native code of another system, and modules are pure Python; packages "
                 "without it: pip install --target DIR --only-binary :all: --platform any "
                 "--implementation py --abi none PACKAGE",
                 path);
    return KRAIT_EXIT_REFUSED;
}

/* Code for other processors, and notes about this machine. */
static int
leave_out(pack_request *request)
{
    pack_list files = pack_files(request->pack);
    int exit_status = 0;

    for (size_t i = 0; i < files.count && exit_status == 0; i++) {
        const char *path = files.items[i];
        bool is_code = pack_is_below(path, PACK_APP) || pack_is_below(path, request->site);
        bool is_foreign = is_code && is_native(path);
        krait_error err;

        if (!is_foreign && !is_of_the_machine(request, path))
            continue;
        if (is_foreign)
            exit_status = refuse_native(request, path);
        if (exit_status == 0 && krait_pack_remove(request->pack, path, &err) != KRAIT_OK)
            exit_status = failed(&err);
    }
    pack_list_release(&files);
    return exit_status;
}

int
pack_gather(pack_request *request)
{
    int exit_status = 0;

    for (size_t i = 0; i < request->deps.count && exit_status == 0; i++)
        exit_status = add_dependency(request, request->deps.items[i]);
    if (exit_status == 0)
        exit_status = leave_out_scripts(request);
    if (exit_status == 0)
        exit_status = request->document.is_wanted ? module_add(request) : add_application(request);
    if (exit_status == 0)
        exit_status = leave_out(request);
    for (size_t i = 0; i < request->adds.count && exit_status == 0; i++)
        exit_status = add_data(request, request->adds.items[i]);
    return exit_status == 0 ? pack_note_distributions(request) : exit_status;
}
