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

#include <krait/abi.h>
#include <krait/krait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the guest takes its interpreter to be; the library is found from it. */
#define GUEST_PYTHON  "/usr/local/bin/python3.13"
#define GUEST_LIBRARY "/usr/local/lib/python3.13"

/* Tells the guest's main function where to start; it removes the variable. */
#define CWD_VARIABLE "KRAIT_CWD"

/* Most linear memory that 32-bit addresses reach, less a gap at the end in which
 * an exhausted stack shows itself. */
#define MEMORY_CEILING ((UINT64_C(1) << 32) - (UINT64_C(64) << 20))

/* Where the script and the working directory are, on both sides. */
typedef struct run_place {
    char *cwd_guest;
    char *script_host;  /* granted as a file; NULL when it needs no grant of its own */
    char *script_guest; /* what Python is told instead of what was given; NULL: as given */
} run_place;

static const char help_text[] =
    "usage: krait run [OPTION...] FILE|-c CODE|-m MODULE|- [ARG...]\n"
    "\n"
    "Runs a Python program in a sandbox. Nothing of this machine is visible to it\n"
    "but what is granted here, its own file and stdio. Without a program it reads\n"
    "stdin, or prompts on a terminal.\n"
    "\n"
    "  --dir HOST[::GUEST][:ro]  grant a directory, at the same absolute path unless\n"
    "                            GUEST is given; :ro makes it read-only\n"
    "  --mapdir GUEST::HOST[:ro] the same, the other way round\n"
    "  -e, --env NAME=VALUE      set an environment variable; -e NAME copies it from here\n"
    "  --memory SIZE             most memory that the program may use, such as 256M; more\n"
    "                            raises MemoryError (default: 3/4 of the machine's, below 4G)\n"
    "  --fuel N                  most units of fuel that a metered program may spend\n"
    "  --show-fuel               say at the end what it spent\n"
    "  --                        end of krait's options\n"
    "  -h, --help                print this\n"
    "\n"
    "Python's own options (-B -E -I -O -P -q -s -S -u -v -W ARG -X OPT ...) may stand\n"
    "between them and the program. The working directory is the caller's when it is\n"
    "granted, else /.\n"
    "\n"
    "Exit status: the program's own; 124 it ran out of fuel, 125 krait could not start\n"
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
    char *host = realpath(".", NULL);

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

/* A file of the host: seen through a grant, or granted by itself. */
static int
place_file(const cli_run_request *request, run_place *place, const char *script)
{
    int status = check_script(script);
    char *host;
    char *guest;

    if (status != 0)
        return status;
    host = cli_need(cli_path_host(script));
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
    char *host = cli_need(realpath(script, NULL));
    char *guest = cli_grants_guest_of(&request->grants, host);

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

/* What was asked for, else three quarters of the machine's memory, so that a guest that
 * allocates without end gets a MemoryError before the machine is in trouble. */
static uint64_t
memory_limit(const cli_run_request *request)
{
    long pages = sysconf(_SC_PHYS_PAGES);
    long page_size = sysconf(_SC_PAGESIZE);
    uint64_t limit = MEMORY_CEILING;

    if (pages > 0 && page_size > 0 && (uint64_t)pages < UINT64_MAX / (uint64_t)page_size) {
        uint64_t share = (uint64_t)pages * (uint64_t)page_size / 4 * 3;

        if (share < limit)
            limit = share;
    }
    if (request->memory != 0)
        limit = request->memory < MEMORY_CEILING ? request->memory : MEMORY_CEILING;
    return limit;
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

static krait_status
fill_config(krait_config *config, const cli_run_request *request, const run_place *place,
            const cli_runtime *runtime, krait_error *err)
{
    krait_status status = add_arguments(config, request, place, err);
    size_t i;

    for (i = 0; i < request->environ_count && status == KRAIT_OK; i++)
        status = krait_config_add_env(config, request->environ[2 * i], request->environ[2 * i + 1],
                                      err);
    if (status == KRAIT_OK && strcmp(place->cwd_guest, "/") != 0)
        status = krait_config_add_env(config, CWD_VARIABLE, place->cwd_guest, err);
    for (i = 0; i < request->grants.count && status == KRAIT_OK; i++) {
        const cli_grant *grant = &request->grants.items[i];

        status = krait_config_add_dir(config, grant->host_real, grant->guest,
                                      grant->read_only ? KRAIT_GRANT_READ_ONLY : 0, err);
    }
    if (status == KRAIT_OK)
        status = krait_config_add_dir(config, runtime->library, GUEST_LIBRARY,
                                      KRAIT_GRANT_READ_ONLY | KRAIT_GRANT_STABLE, err);
    if (status == KRAIT_OK)
        status = krait_config_add_file(config, runtime->program, GUEST_PYTHON, 0, err);
    if (status == KRAIT_OK && place->script_host != NULL)
        status = krait_config_add_file(config, place->script_host,
                                       place->script_guest != NULL ? place->script_guest
                                                                   : place->script_host,
                                       KRAIT_GRANT_RECORD_MISSES, err);
    krait_config_set_memory_limit(config, memory_limit(request));
    /* To be told what it spent, the program must count: that is a limit, too. */
    krait_config_set_fuel(config,
                          request->fuel == 0 && request->show_fuel ? UINT64_MAX : request->fuel);
    krait_config_set_stdio(config, cli_stdio(0), cli_stdio(1), cli_stdio(2));
    return status;
}

/* True when `name` beside the script is a module that an import would find. */
static bool
is_module(const char *folder, const char *name)
{
    size_t length = strlen(name);
    char *path = cli_path_join(folder, name);
    bool found;

    if (length > 3 && strcmp(name + length - 3, ".py") == 0) {
        found = access(path, F_OK) == 0;
    } else {
        char *init = cli_path_join(path, "__init__.py");

        found = access(init, F_OK) == 0;
        free(init);
    }
    free(path);
    return found;
}

/* After a failure: what the script looked for beside itself and was not granted. */
static void
print_hint(const krait_sandbox *sandbox, const run_place *place)
{
    char *folder;
    const char *name;
    size_t i;

    if (place->script_host == NULL)
        return;
    folder = cli_need(strdup(place->script_host));
    *strrchr(folder, '/') = '\0';
    for (i = 0; (name = krait_sandbox_missed(sandbox, i)) != NULL; i++) {
        if (!is_module(folder[0] != '\0' ? folder : "/", name))
            continue;
        cli_message("'%s' is beside the script, but only the script itself is granted; "
                    "to import it, add --dir '%s'",
                    name, folder[0] != '\0' ? folder : "/");
        break;
    }
    free(folder);
}

/* 0 to 255, and the small negative numbers that wrap to them without surprise. */
static bool
fits_status(uint32_t code)
{
    return code <= 255 || code >= UINT32_MAX - 127;
}

static int
report(const krait_sandbox *sandbox, const run_place *place, const krait_result *result)
{
    if (result->kind == KRAIT_RESULT_TRAPPED) {
        cli_message("the program was stopped: %s", result->message);
        fputs(result->backtrace, stderr);
        return result->trap == KRAIT_TRAP_FUEL ? KRAIT_EXIT_LIMIT : KRAIT_EXIT_TRAPPED;
    }
    if (result->exit_code != 0)
        print_hint(sandbox, place);
    if (!fits_status(result->exit_code))
        cli_message("the program exited with %u, of which the system keeps the low 8 bits: %u",
                    result->exit_code, result->exit_code & 255u);
    return (int)(result->exit_code & 255u);
}

/* The sandbox that Ctrl-C is for; the handler has no other way to know. */
static krait_sandbox *volatile interruptible;
static volatile sig_atomic_t was_interrupted;

static void
on_interrupt(int number)
{
    was_interrupted = 1;
    krait_sandbox_signal(interruptible, (unsigned)number);
}

/* Ctrl-C is the guest's, as it is python3's: unless it was ignored here before
 * (nohup, a background job), it becomes KeyboardInterrupt. */
static void
catch_interrupt(krait_sandbox *sandbox)
{
    struct sigaction action;

    if (sigaction(SIGINT, NULL, &action) != 0 || action.sa_handler == SIG_IGN)
        return;
    interruptible = sandbox;
    memset(&action, 0, sizeof(action));
    action.sa_handler = on_interrupt;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
}

/* A shell has to see that Ctrl-C ended the program: python3 dies of the signal. */
static int
after_interrupt(int exit_status)
{
    signal(SIGINT, SIG_DFL);
    if (was_interrupted && exit_status == 128 + SIGINT)
        raise(SIGINT);
    return exit_status;
}

static int
run_sandbox(krait_sandbox *sandbox, const cli_run_request *request, const run_place *place)
{
    krait_result result;
    krait_error err;
    int exit_status;

    catch_interrupt(sandbox);
    if (krait_sandbox_run(sandbox, &result, &err) != KRAIT_OK) {
        cli_error(&err);
        exit_status = KRAIT_EXIT_FAILED;
    } else {
        exit_status = report(sandbox, place, &result);
        if (request->show_fuel)
            cli_message("fuel spent: %llu", (unsigned long long)result.fuel_spent);
    }
    return after_interrupt(exit_status);
}

static int
run_module(const cli_runtime *runtime, const cli_run_request *request, const run_place *place)
{
    krait_engine *engine = NULL;
    krait_config *config = NULL;
    cli_run_opened opened = {NULL, NULL};
    krait_error err;
    int exit_status = KRAIT_EXIT_FAILED;

    if (krait_engine_new(&engine, &err) != KRAIT_OK ||
        krait_config_new(&config, &err) != KRAIT_OK ||
        fill_config(config, request, place, runtime, &err) != KRAIT_OK)
        cli_error(&err);
    else if (cli_run_open(engine, runtime, request, config, &opened) == KRAIT_OK)
        exit_status = run_sandbox(opened.sandbox, request, place);
    krait_sandbox_free(opened.sandbox);
    krait_config_free(config);
    krait_module_close(opened.module);
    krait_engine_free(engine);
    return exit_status;
}

static int
run_request(const cli_run_request *request)
{
    run_place place = {.cwd_guest = NULL};
    cli_runtime runtime = {.module = NULL};
    int exit_status;

    find_cwd(request, &place);
    exit_status = place_script(request, &place);
    if (exit_status == 0)
        exit_status = cli_runtime_find(&runtime);
    if (exit_status == 0)
        exit_status = run_module(&runtime, request, &place);
    cli_runtime_release(&runtime);
    place_release(&place);
    return exit_status;
}

static int
parse_and_run(int argc, char **argv, bool own_options)
{
    cli_run_request request;
    int exit_status = cli_run_parse(&request, argc, argv, own_options);

    if (exit_status == 0)
        exit_status = run_request(&request);
    cli_run_release(&request);
    return exit_status;
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
