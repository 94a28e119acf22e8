/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The krait program: finds the subcommand and runs it.  It is built twice where it can be: whole, and
 * as a small one in front that knows some commands and leaves the others to the whole one
 * (cmake/KraitFront.cmake).
 */
#include "cli.h"

#include <krait/krait.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>

typedef struct command {
    const char *name;
    const char *help;
    int (*run)(int argc, char **argv);
} command;

/* A command that is not in the program in front. */
#ifdef KRAIT_FRONT
#define IN_FULL(run) NULL
#else
#define IN_FULL(run) run
#endif

static const command commands[] = {
    {"run", "run a Python program or a WASI module in the sandbox", krait_cmd_run},
    {"python", "the plain interpreter: every argument is Python's", krait_cmd_python},
    {"test", "run CPython's own tests in the sandbox", IN_FULL(krait_cmd_test)},
    {"snapshot", "keep a started Python ready, so that programs start faster",
     IN_FULL(krait_cmd_snapshot)},
    {"build-python", "build CPython for WebAssembly from pinned sources",
     IN_FULL(krait_cmd_build_python)},
    {"build", "the same as build-python", IN_FULL(krait_cmd_build_python)},
    {"pack", "make one module of Python, an application and what that needs",
     IN_FULL(krait_cmd_pack)},
    {"module", "make one module of a script that works on documents", IN_FULL(krait_cmd_module)},
    {"process", "run documents through modules, and keep the rows in a database",
     krait_cmd_process},
    {"compile", "translate a WebAssembly module to native code", IN_FULL(krait_cmd_compile)},
    {"inspect", "show what a module or a translation is", IN_FULL(krait_cmd_inspect)},
    {"doctor", "say what this machine offers, and what is lost without it",
     IN_FULL(krait_cmd_doctor)},
};

static void
print_usage(FILE *to)
{
    size_t i;

    fputs("usage: krait COMMAND [ARGUMENT...]\n\ncommands:\n", to);
    for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        fprintf(to, "  %-12s %s\n", commands[i].name, commands[i].help);
    fputs("\n`krait COMMAND --help` says more; so does krait(1).\n"
          "  --version  print the version\n",
          to);
}

static const command *
find_command(const char *name)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(name, commands[i].name) == 0)
            return &commands[i];
    }
    return NULL;
}

int
main(int argc, char **argv)
{
    const command *asked = argc >= 2 ? find_command(argv[1]) : NULL;

#ifdef KRAIT_FRONT
    if (asked != NULL && asked->run == NULL)
        return cli_front_pass_on(argv);
#endif
    cli_stdio_reserve();
    /* A closed pipe is an error of the write that met it, as in python3. */
    signal(SIGPIPE, SIG_IGN);
    /* So is a file that grows beyond its limit. */
    signal(SIGXFSZ, SIG_IGN);
    /* Whoever started us may not want to know how children end; we do. */
    signal(SIGCHLD, SIG_DFL);
    if (argc < 2) {
        print_usage(stderr);
        return KRAIT_EXIT_FAILED;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_usage(stdout);
        return cli_finish_stdout(0);
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("krait %s\n", krait_version());
        return cli_finish_stdout(0);
    }
    if (asked != NULL)
        return asked->run(argc - 1, argv + 1);
    cli_message("unknown command '%s'; `krait --help` lists them", argv[1]);
    return KRAIT_EXIT_FAILED;
}
