/* SPDX-License-Identifier: Apache-2.0 */
/*
 * krait doctor: what the machine offers, and what is lost without it.
 */
#include "doctor.h"

#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: krait doctor [--json]\n"
    "\n"
    "Say what this machine offers to Krait, and what is lost where something is missing.\n"
    "\n"
    "  --json      one JSON object\n"
    "  -h, --help  show this\n"
    "\n"
    "Exit status: 0 `krait run` works here, 1 it does not; 125 wrong usage.\n";

static const doctor_check checks[] = {
    {"kernel", "Krait needs Linux", doctor_kernel},
    {"openat2", "paths in granted folders are resolved name by name, which is slower",
     doctor_openat2},
    {"Landlock", "the C compiler that translates modules can read and write what its user can",
     doctor_landlock},
    {"seccomp", "the C compiler that translates modules can use the network", doctor_seccomp},
    {"timers", "programs with a limit of time, and timers of programs, are refused", doctor_timers},
    {"sealed memory", "no snapshots: programs start more slowly", doctor_memfd},
    {"userfaultfd", "nothing: Krait does not use it", doctor_userfaultfd},
    {"pagemap scan", "sandboxes that are made from a snapshot are reset more slowly",
     doctor_pagemap},
    {"processor", "modules that were translated for another kind are translated again",
     doctor_processor},
    {"memory", "programs get MemoryError early: the default limit is 3/4 of the machine's",
     doctor_memory},
    {"address space",
     "programs need a slower translation that checks bounds: krait compile --bounds-checked",
     doctor_address_space},
    {"overcommit", "memory that a sandbox may use is charged when it is reserved, so fewer fit",
     doctor_overcommit},
    {"open files", "programs cannot have all of the 1024 open files that --max-files allows",
     doctor_files},
    {"pending signals", "timers fail when many sandboxes run at once", doctor_signals},
    {"other limits", "the system ends krait itself when one of them is reached", doctor_resources},
    {"C compiler", "`krait compile` and `krait run MODULE.wasm`; Python needs none",
     doctor_compiler},
    {"cache", "modules are translated for every run", doctor_cache},
    {"snapshots", "programs start more slowly: see krait snapshot", doctor_snapshots},
    {"runtime", "`krait run` of Python programs", doctor_runtime},
    {"Python", "`krait run` of Python programs", doctor_python},
    {"portable Python",
     "`krait pack`, unless --python names a build (krait build-python makes one)", doctor_packing},
    {"module runtime", "`krait module`, unless --runtime names one", doctor_modules},
    {"documents", "`krait process`", doctor_documents},
};

#define CHECKS (sizeof(checks) / sizeof(checks[0]))

typedef struct answer {
    doctor_verdict verdict;
    char found[512];
} answer;

static const char *
verdict_name(doctor_verdict verdict)
{
    return verdict == DOCTOR_GOOD ? "ok" : verdict == DOCTOR_MISSING ? "missing" : "broken";
}

static void
print_text(const doctor_check *check, const answer *a)
{
    printf("%-8s %-16s %s\n", verdict_name(a->verdict), check->name, a->found);
    if (a->verdict != DOCTOR_GOOD)
        printf("%-8s %-16s without it: %s\n", "", "", check->lost);
    fflush(stdout);
}

static void
print_json(const doctor_check *check, const answer *a, bool is_first)
{
    printf("%s{\"name\":", is_first ? "" : ",");
    cli_json_text(stdout, check->name);
    printf(",\"status\":\"%s\",\"found\":", verdict_name(a->verdict));
    cli_json_text(stdout, a->found);
    fputs(",\"lost\":", stdout);
    cli_json_text(stdout, check->lost);
    fputs("}", stdout);
}

static int
examine(bool json)
{
    bool works = true;
    size_t i;

    if (json)
        printf("{\"version\":\"%s\",\"checks\":[", krait_version());
    else
        printf("krait %s\n", krait_version());
    for (i = 0; i < CHECKS; i++) {
        answer a = {.found = ""};

        a.verdict = checks[i].look(a.found, sizeof(a.found));
        works = works && a.verdict != DOCTOR_BROKEN;
        if (json)
            print_json(&checks[i], &a, i == 0);
        else
            print_text(&checks[i], &a);
    }
    if (json)
        printf("],\"works\":%s}\n", works ? "true" : "false");
    else
        printf("`krait run` %s here.\n", works ? "works" : "does not work");
    return cli_finish_stdout(works ? 0 : 1);
}

int
krait_cmd_doctor(int argc, char **argv)
{
    bool json = false;
    int i;

    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            fputs(usage, stdout);
            return cli_finish_stdout(0);
        }
        if (strcmp(argv[i], "--json") != 0) {
            cli_message("doctor: unknown argument '%s' (see krait doctor --help)", argv[i]);
            return KRAIT_EXIT_FAILED;
        }
        json = true;
    }
    return examine(json);
}
