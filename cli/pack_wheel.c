/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wheels, as the packaging specification "binary distribution format" has them, and what is known of
 * the distributions in site-packages ("core metadata").
 */
#include "pack.h"

#include <stdlib.h>
#include <string.h>

bool
pack_is_wheel(const char *path)
{
    return pack_ends_with(path, ".whl");
}

static int
failed(const krait_error *err)
{
    cli_error(err);
    return cli_status_of(err);
}

/* True for NAME-VERSION[-BUILD]-PYTHON-ABI-any.whl: the platform may be one of several, with dots. */
static bool
is_for_any(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    const char *dash = strrchr(name, '-');
    const char *platform = dash != NULL ? dash + 1 : "";

    while (*platform != '\0') {
        size_t size = strcspn(platform, ".");

        if (size == 3 && memcmp(platform, "any", 3) == 0)
            return true;
        platform += size + (platform[size] == '.');
    }
    return false;
}

/* NAME.data/SCHEME/PATH belongs somewhere else; NULL: nowhere. */
static int
move_data(pack_request *request, const char *from, const char *in_data)
{
    size_t size = strcspn(in_data, "/");
    const char *to = NULL;
    char path[PACK_PATH];
    krait_error err;

    if (strncmp(in_data, "purelib/", 8) == 0 || strncmp(in_data, "platlib/", 8) == 0)
        to = request->site;
    else if (strncmp(in_data, "data/", 5) == 0)
        to = "/usr/local";
    if (to != NULL) {
        if (!pack_path(path, sizeof(path), "%s%s", to, in_data + size))
            return KRAIT_EXIT_FAILED;
        if (krait_pack_copy(request->pack, from, path, &err) != KRAIT_OK)
            return failed(&err);
    }
    return krait_pack_remove(request->pack, from, &err) == KRAIT_OK ? 0 : failed(&err);
}

/* Files of the folders NAME.data, and then these folders. */
static int
spread_data(pack_request *request)
{
    pack_list files = pack_files(request->pack);
    pack_list folders = {NULL, 0};
    size_t site = strlen(request->site) + 1;
    int exit_status = 0;

    for (size_t i = 0; i < files.count && exit_status == 0; i++) {
        const char *path = files.items[i];
        const char *data;
        char folder[PACK_PATH];

        if (!pack_is_below(path, request->site))
            continue;
        data = strstr(path + site, ".data/");
        if (data == NULL || strchr(path + site, '/') < data)
            continue;
        exit_status = move_data(request, path, data + 6);
        if (!pack_path(folder, sizeof(folder), "%.*s", (int)(data + 5 - path), path))
            exit_status = KRAIT_EXIT_FAILED;
        /* The files of one follow each other. */
        else if (folders.count == 0 || strcmp(folders.items[folders.count - 1], folder) != 0)
            pack_list_add(&folders, folder);
    }
    for (size_t i = 0; i < folders.count && exit_status == 0; i++) {
        krait_error err;

        if (krait_pack_remove(request->pack, folders.items[i], &err) != KRAIT_OK)
            exit_status = failed(&err);
    }
    pack_list_release(&folders);
    pack_list_release(&files);
    return exit_status;
}

int
pack_add_wheel(pack_request *request, const char *path)
{
    krait_error err;

    if (!is_for_any(path)) {
        pack_message(request,
                     "'%s' has native code of another system; only wheels for every platform "
                     "(*-any.whl) can be packed",
                     path);
        return KRAIT_EXIT_REFUSED;
    }
    if (request->version[0] == '\0') {
        pack_message(request, "a wheel needs a standard library to be packed beside");
        return KRAIT_EXIT_FAILED;
    }
    if (krait_pack_add_zip(request->pack, path, request->site, &err) != KRAIT_OK)
        return failed(&err);
    return spread_data(request);
}

/* ---- metadata ----------------------------------------------------------------------------- */

/* The value of a field in the head of METADATA; allocated, or NULL. */
static char *
field(const char *text, const char *name)
{
    size_t size = strlen(name);

    while (*text != '\0' && *text != '\n') {
        size_t length = strcspn(text, "\n");

        if (length > size && strncmp(text, name, size) == 0 && text[size] == ':') {
            const char *value = text + size + 1 + strspn(text + size + 1, " ");
            size_t rest = (size_t)(text + length - value);

            while (rest > 0 && (value[rest - 1] == '\r' || value[rest - 1] == ' '))
                rest--;
            return cli_need(strndup(value, rest < 200 ? rest : 200));
        }
        text += length + (text[length] == '\n');
    }
    return NULL;
}

static int
note(pack_request *request, const char *path)
{
    krait_pack_component component = {.name = NULL};
    void *bytes = NULL;
    size_t size = 0;
    char *fields[3] = {NULL, NULL, NULL};
    krait_error err;
    char *text;
    krait_status status;

    if (!pack_is_small(request->pack, path))
        return 0;
    status = krait_pack_get(request->pack, path, &bytes, &size, &err);
    if (status != KRAIT_OK)
        return failed(&err);
    text = cli_need(malloc(size + 1));
    memcpy(text, bytes, size);
    text[size] = '\0';
    krait_pack_free_bytes(bytes);
    fields[0] = field(text, "Name");
    fields[1] = field(text, "Version");
    fields[2] = field(text, "License-Expression");
    if (fields[2] == NULL)
        fields[2] = field(text, "License");
    component.name = fields[0];
    component.version = fields[1];
    component.licence = fields[2];
    component.place = request->site;
    if (fields[0] != NULL && cli_is_utf8(text, size) && fields[0][0] != '\0')
        status = krait_pack_add_component(request->pack, &component, &err);
    for (unsigned i = 0; i < 3; i++)
        free(fields[i]);
    free(text);
    return status == KRAIT_OK ? 0 : failed(&err);
}

int
pack_note_distributions(pack_request *request)
{
    pack_list files = pack_files(request->pack);
    size_t site = strlen(request->site) + 1;
    int exit_status = 0;

    for (size_t i = 0; i < files.count && exit_status == 0; i++) {
        const char *path = files.items[i];
        const char *info;

        if (!pack_is_below(path, request->site) || !pack_ends_with(path, ".dist-info/METADATA"))
            continue;
        info = strchr(path + site, '/');
        if (info != NULL && strcmp(info, "/METADATA") == 0)
            exit_status = note(request, path);
    }
    pack_list_release(&files);
    return exit_status;
}
