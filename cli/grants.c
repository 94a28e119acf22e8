/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --dir and --mapdir: which host folders the guest sees, and where.
 */
#include "cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Cuts a final ":ro" or ":rw" off. */
static bool
cut_mode(char *text)
{
    size_t length = strlen(text);

    if (length < 3 ||
        (strcmp(text + length - 3, ":ro") != 0 && strcmp(text + length - 3, ":rw") != 0))
        return false;
    text[length - 3] = '\0';
    return text[length - 1] == 'o';
}

/* With errno. */
static int
no_folder(const char *option, const char *host)
{
    int missing = errno == ENOENT || errno == ENOTDIR;

    cli_message("%s: cannot open '%s': %s", option, host, strerror(errno));
    return missing ? KRAIT_EXIT_MISSING : KRAIT_EXIT_REFUSED;
}

static int
check_folder(const char *option, const char *host)
{
    struct stat status;

    if (stat(host, &status) != 0)
        return no_folder(option, host);
    if (!S_ISDIR(status.st_mode)) {
        cli_message("%s: '%s' is not a directory", option, host);
        return KRAIT_EXIT_REFUSED;
    }
    return 0;
}

/* The guest path: as given, from the root when it is relative; without one,
 * where the folder is on the host.  NULL with errno: that has no path any more, or one that is too
 * long. */
static char *
guest_path(const char *guest, const char *host)
{
    char *whole;
    char *normal;

    if (guest == NULL)
        whole = cli_path_host(host);
    else
        whole = cli_path_join("/", guest[0] == '/' ? guest + 1 : guest);
    if (whole == NULL)
        return NULL;
    normal = cli_path_normal(whole);
    free(whole);
    return normal;
}

int
cli_grants_add(cli_grants *grants, const char *option, const char *text, bool swapped)
{
    char *copy = cli_need(strdup(text));
    cli_grant grant = {.read_only = cut_mode(copy)};
    char *separator = strstr(copy, "::");
    const char *host = copy;
    const char *guest = NULL;
    int status;

    if (separator != NULL) {
        *separator = '\0';
        guest = swapped ? copy : separator + 2;
        host = swapped ? separator + 2 : copy;
    }
    if (host[0] == '\0' || (guest != NULL && guest[0] == '\0')) {
        cli_message("%s: '%s' is not %s", option, text,
                    swapped ? "GUEST::HOST[:ro]" : "HOST[::GUEST][:ro]");
        free(copy);
        return KRAIT_EXIT_FAILED;
    }
    status = check_folder(option, host);
    if (status == 0) {
        grant.host_real = realpath(host, NULL);
        grant.guest = grant.host_real != NULL ? guest_path(guest, host) : NULL;
        status = grant.guest != NULL ? 0 : no_folder(option, host);
    }
    if (status != 0) {
        free(grant.host_real);
        free(copy);
        return status;
    }
    grant.host = cli_need(strdup(host));
    grant.name = cli_need(strdup(guest != NULL ? guest : host));
    free(copy);
    grants->items = cli_need(realloc(grants->items, (grants->count + 1) * sizeof(grant)));
    grants->items[grants->count++] = grant;
    return 0;
}

void
cli_grants_release(cli_grants *grants)
{
    size_t i;

    for (i = 0; i < grants->count; i++) {
        free(grants->items[i].host);
        free(grants->items[i].host_real);
        free(grants->items[i].guest);
        free(grants->items[i].name);
    }
    free(grants->items);
    grants->items = NULL;
    grants->count = 0;
}

/* Rewrites `path` from the longest matching prefix of one side to the other. */
static char *
translate(const cli_grants *grants, const char *path, bool to_guest)
{
    const cli_grant *best = NULL;
    const char *rest = NULL;
    size_t best_length = 0;
    size_t i;

    for (i = 0; i < grants->count; i++) {
        const cli_grant *grant = &grants->items[i];
        const char *prefix = to_guest ? grant->host_real : grant->guest;
        const char *below = cli_path_below(path, prefix);

        if (below != NULL && (best == NULL || strlen(prefix) >= best_length)) {
            best = grant;
            best_length = strlen(prefix);
            rest = below;
        }
    }
    if (best == NULL)
        return NULL;
    if (rest[0] == '\0')
        return cli_need(strdup(to_guest ? best->guest : best->host_real));
    return cli_path_join(to_guest ? best->guest : best->host_real, rest);
}

char *
cli_grants_guest_of(const cli_grants *grants, const char *host_real)
{
    return translate(grants, host_real, true);
}

char *
cli_grants_host_of(const cli_grants *grants, const char *guest)
{
    return translate(grants, guest, false);
}
