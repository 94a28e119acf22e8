/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `krait run` and `krait python`: a Python program in the sandbox.
 *
 * The guest sees its standard library (read-only), a /tmp in memory, /dev/null
 * and the like, what --dir grants, and its own script.  The script keeps its
 * absolute host path, so that messages and sys.argv[0] mean something to the
 * user; its folder is not granted with it.
 */
#include "cli.h"

#include <krait/krait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where krait_python_open has Python; the library is found from it. */
#define GUEST_PYTHON "/usr/local/bin/python3.13"

/* Tells the guest's main function where to start; it removes the variable. */
#define CWD_VARIABLE "KRAIT_CWD"

/* Where the script and the working directory are, on both sides. */
typedef struct run_place {
    char *cwd_guest;
    char *script_host;  /* granted as a file; NULL when it needs no grant of its own */
    char *script_guest; /* what Python is told instead of what was given; NULL: as given */
} run_place;

static const char help_text[] =
    "usage: krait run [OPTION...] FILE|-c CODE|-m MODULE|- [ARG...]\n"
    "       krait run [OPTION...] MODULE.wasm|MODULE.krt [ARG...]\n"
    "\n"
    "Runs a Python program, or a WebAssembly module that is a WASI command, in a\n"
    "sandbox. Nothing of this machine is visible to it but what is granted here, its\n"
    "own file and stdio. Without a program it reads stdin, or prompts on a terminal.\n"
    "\n"
    "  --dir HOST[::GUEST][:ro]  grant a directory, at the same absolute path unless\n"
    "                            GUEST is given; :ro makes it read-only\n"
    "  --mapdir GUEST::HOST[:ro] the same, the other way round\n"
    "  -e, --env NAME=VALUE      set an environment variable; -e NAME copies it from here\n"
    "  --timeout TIME            most time that may pass, such as 500ms, 5s or 2m\n"
    "  --cpu TIME                most processor time\n"
    "  --memory SIZE             most memory that the program may use, such as 256M; more\n"
    "                            raises MemoryError (default: 3/4 of the machine's, below 4G)\n"
    "  --max-output SIZE         most bytes that it may write to stdout and stderr\n"
    "  --max-files N             most files that it may have open (default: 1024)\n"
    "  --max-fs SIZE             most bytes of its files in memory (default: 256M)\n"
    "  --deterministic[=SEED]    the same bytes each time: random numbers from the seed (default\n"
    "                            0), clocks that only the program moves, sleeps take no time\n"
    "  --fuel N                  most units of fuel that a metered program may spend\n"
    "  --show-fuel               say at the end what it spent\n"
    "  --json                    print the result as one line of JSON, the program's output\n"
    "                            in it\n"
    "  --status-fd N             write that line to descriptor N, without the output\n"
    "  --no-snapshot             start Python anew, also where a started one could be copied\n"
    "  --snapshot                fail where it cannot, and say why\n"
    "  --                        end of krait's options\n"
    "  -h, --help                print this\n"
    "\n"
    "Python's own options (-B -E -I -O -P -q -s -S -u -v -W ARG -X OPT ...) may stand\n"
    "between them and the program. The working directory is the caller's when it is\n"
    "granted, else /.\n"
    "\n"
    "Exit status: the program's own; 124 it reached a limit, 125 krait could not start\n"
    "it, 126 not runnable, 127 not found, 134 it was stopped by a trap.\n";

static void
place_release(run_place *place)
{
    free(place->cwd_guest);
    free(place->script_host);
    free(place->script_guest);
}

static void
find_cwd(const cli_run_request *request, run_place *place)
{
    char *host = request->grants.count != 0 ? realpath(".", NULL) : NULL;

    if (host != NULL)
        place->cwd_guest = cli_grants_guest_of(&request->grants, host);
    if (place->cwd_guest == NULL)
        place->cwd_guest = cli_need(strdup("/"));
    free(host);
}

/* Where the guest ends up when it opens `path` as it was given. */
static char *
seen_by_guest(const run_place *place, const char *path)
{
    char *whole = path[0] == '/' ? cli_need(strdup(path)) : cli_path_join(place->cwd_guest, path);
    char *normal = cli_path_normal(whole);

    free(whole);
    return normal;
}

/* 0 when the script can be read, else an exit status after a message. */
static int
check_script(const char *script)
{
    struct stat status;
    int fd = open(script, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    int regular;

    if (fd < 0) {
        int missing = errno == ENOENT || errno == ENOTDIR;

        cli_message("cannot open '%s': %s", script, strerror(errno));
        return missing ? KRAIT_EXIT_MISSING : KRAIT_EXIT_REFUSED;
    }
    regular = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
    close(fd);
    if (!regular) {
        cli_message("'%s' is not a regular file", script);
        return KRAIT_EXIT_REFUSED;
    }
    return 0;
}

/* A program that only exists under its guest name: true when a grant holds it, so
 * that Python can be left to open it. */
static bool
is_in_grant(const cli_run_request *request, const run_place *place, const char *script)
{
    char *guest = seen_by_guest(place, script);
    char *host = cli_grants_host_of(&request->grants, guest);
    bool found = host != NULL && access(host, F_OK) == 0;

    free(guest);
    free(host);
    return found;
}

/* Python is told where the guest sees the script, unless what the user wrote
 * leads there.  Takes `guest`. */
static void
name_script(run_place *place, const char *script, char *guest)
{
    char *seen = seen_by_guest(place, script);

    if (strcmp(seen, guest) != 0)
        place->script_guest = guest;
    else
        free(guest);
    free(seen);
}

/* The folder that it is in was removed, or its path is too long. */
static int
no_place(const char *script)
{
    cli_message("cannot tell where '%s' is: %s", script, strerror(errno));
    return KRAIT_EXIT_REFUSED;
}

/* A file of the host: seen through a grant, or granted by itself. */
static int
place_file(const cli_run_request *request, run_place *place, const char *script)
{
    int status = check_script(script);
    char *host;
    char *guest;

    if (status != 0)
        return status;
    host = cli_path_host(script);
    if (host == NULL)
        return no_place(script);
    guest = cli_grants_guest_of(&request->grants, host);
    if (guest == NULL) {
        guest = cli_need(strdup(host));
        place->script_host = host;
    } else {
        free(host);
    }
    name_script(place, script, guest);
    return 0;
}

/* A folder of the host: only through a grant. */
static int
place_folder(const cli_run_request *request, run_place *place, const char *script)
{
    char *host = realpath(script, NULL);
    char *guest;

    if (host == NULL)
        return no_place(script);
    guest = cli_grants_guest_of(&request->grants, host);
    free(host);
    if (guest == NULL) {
        cli_message("'%s' is a directory that is not granted; add --dir '%s'", script, script);
        return KRAIT_EXIT_REFUSED;
    }
    name_script(place, script, guest);
    return 0;
}

static int
place_script(const cli_run_request *request, run_place *place)
{
    const char *script;
    struct stat status;

    if (request->script_index < 0)
        return 0;
    script = request->python[request->script_index];
    if (stat(script, &status) == 0)
        return S_ISDIR(status.st_mode) ? place_folder(request, place, script)
                                       : place_file(request, place, script);
    return is_in_grant(request, place, script) ? 0 : check_script(script);
}

static krait_status
add_arguments(krait_config *config, const cli_run_request *request, const run_place *place,
              krait_error *err)
{
    krait_status status = krait_config_add_arg(config, GUEST_PYTHON, err);
    int i;

    for (i = 0; i < request->python_count && status == KRAIT_OK; i++) {
        const char *arg = request->python[i];

        if (i == request->script_index && place->script_guest != NULL)
            arg = place->script_guest;
        status = krait_config_add_arg(config, arg, err);
    }
    return status;
}

/* Where the guest sees the script, when that was granted alone. */
static const char *
own_file(const run_place *place)
{
    if (place->script_host == NULL)
        return NULL;
    return place->script_guest != NULL ? place->script_guest : place->script_host;
}

static krait_status
fill_config(krait_config *config, const cli_run_request *request, const run_place *place,
            krait_error *err)
{
    krait_status status = add_arguments(config, request, place, err);

    if (status == KRAIT_OK)
        status = cli_run_configure(config, request, err);
    if (status == KRAIT_OK && strcmp(place->cwd_guest, "/") != 0)
        status = krait_config_add_env(config, CWD_VARIABLE, place->cwd_guest, err);
    if (status == KRAIT_OK && place->script_host != NULL)
        status = krait_config_add_file(config, place->script_host, own_file(place),
                                       KRAIT_GRANT_RECORD_MISSES, err);
    return status;
}

static int
run_cold(krait_engine *engine, const krait_config *config, const cli_run_request *request,
         const run_place *place)
{
    cli_run_opened opened = {.module = NULL};
    cli_runtime runtime = {.module = NULL};
    int exit_status = cli_runtime_find(&runtime);

    if (exit_status == 0) {
        exit_status = KRAIT_EXIT_FAILED;
        if (cli_run_open(engine, &runtime, request, config, &opened) == KRAIT_OK)
            exit_status = cli_run_sandbox(opened.sandbox, request, place->script_host, false);
    }
    cli_run_close(&opened);
    cli_runtime_release(&runtime);
    return exit_status;
}

/* What is damaged goes, and the next run makes another one.  A program with little memory and a large
 * environment cannot go on in one that is whole, either. */
static void
remove_damaged(const char *image)
{
    krait_error err;

    if (krait_snapshot_inspect(image, 1, NULL, &err) == KRAIT_EFORMAT)
        (void)unlink(image);
}

/* A snapshot was asked for, and there is no other way then. */
static int
refuse(const cli_run_request *request, const char *why)
{
    if (!request->only_snapshot)
        return CLI_NOT_STARTED;
    cli_message("the program cannot go on in a snapshot: %s", why);
    return KRAIT_EXIT_FAILED;
}

/* The process ends with the program: what it has mapped goes in one go.  Only the settings of a
 * terminal stay behind, which the sandbox puts back. */
static void
end_process(const cli_run_request *request, cli_run_opened *opened, int exit_status)
{
    for (int fd = 0; fd < 3; fd++) {
        if (isatty(fd) != 0) {
            cli_run_close(opened);
            break;
        }
    }
    exit(cli_run_end(cli_result_write(request, NULL, exit_status)));
}

static int
run_warm(krait_engine *engine, const krait_config *config, const cli_run_request *request,
         const run_place *place)
{
    const char *why = cli_warm_refusal(request, own_file(place));
    cli_run_opened opened = {.module = NULL};
    int exit_status;

    if (why != NULL)
        return refuse(request, why);
    if (!cli_warm_open(engine, config, request->only_snapshot, &opened))
        return refuse(request, "there is none that can be used; see krait snapshot list");
    exit_status = cli_run_sandbox(opened.sandbox, request, place->script_host, true);
    if (exit_status >= 0)
        end_process(request, &opened, exit_status);
    if (exit_status == CLI_DAMAGED)
        remove_damaged(opened.image);
    cli_run_close(&opened);
    return refuse(request, "Python could not go on in it");
}

static int
run_placed(const cli_run_request *request, const run_place *place)
{
    krait_engine *engine = NULL;
    krait_config *config = NULL;
    krait_error err;
    int exit_status = KRAIT_EXIT_FAILED;

    if (krait_engine_new(&engine, &err) != KRAIT_OK ||
        krait_config_new(&config, &err) != KRAIT_OK ||
        fill_config(config, request, place, &err) != KRAIT_OK) {
        cli_error(&err);
    } else {
        exit_status = run_warm(engine, config, request, place);
        if (exit_status == CLI_NOT_STARTED)
            exit_status = run_cold(engine, config, request, place);
    }
    krait_config_free(config);
    krait_engine_free(engine);
    return exit_status;
}

static int
run_request(const cli_run_request *request)
{
    run_place place = {.cwd_guest = NULL};
    int exit_status;

    find_cwd(request, &place);
    exit_status = place_script(request, &place);
    if (exit_status == 0)
        exit_status = run_placed(request, &place);
    place_release(&place);
    return exit_status;
}

/* A file that is no Python program but a module, by what is in it. */
static cli_file_kind
kind_of(const cli_run_request *request)
{
    return request->script_index < 0 ? CLI_FILE_OTHER
                                     : cli_file_kind_of(request->python[request->script_index]);
}

static int
parse_and_run(int argc, char **argv, bool own_options)
{
    cli_run_request request;
    int exit_status = cli_run_parse(&request, argc, argv, own_options);

    if (exit_status == 0 && own_options && kind_of(&request) != CLI_FILE_OTHER)
        exit_status = cli_run_module(&request);
    else if (exit_status == 0)
        exit_status = run_request(&request);
    exit_status = cli_result_write(&request, NULL, exit_status);
    cli_run_release(&request);
    return cli_run_end(exit_status);
}

int
krait_cmd_run(int argc, char **argv)
{
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        fputs(help_text, stdout);
        return cli_finish_stdout(0);
    }
    return parse_and_run(argc, argv, true);
}

int
krait_cmd_python(int argc, char **argv)
{
    return parse_and_run(argc, argv, false);
}
