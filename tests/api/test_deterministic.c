/* SPDX-License-Identifier: Apache-2.0 */
/*
 * krait_config_set_deterministic(): sessions, resets, copies and snapshots of them.
 */
#include "python.h"

#include <krait/snapshot.h>

#define DRAW                                                                                       \
    "import os, random, time, uuid\n"                                                              \
    "print(hash('x'), random.random(), os.urandom(4).hex(), uuid.uuid4(), time.time_ns(), "        \
    "time.monotonic_ns(), os.stat('/tmp').st_mtime_ns)"

/* What the session prints; free() it. */
static char *
says(krait_sandbox *sandbox, const char *code)
{
    krait_result result;
    krait_error err = {.text = ""};

    if (!CHECK_INT(krait_sandbox_exec(sandbox, code, strlen(code), &result, &err), KRAIT_OK)) {
        printf("    %s\n", err.text);
        return strdup("");
    }
    if (!CHECK_INT(result.kind, KRAIT_RESULT_RETURNED))
        printf("    %s %s\n", result.message, result.stderr_bytes);
    return strdup(result.stdout_bytes);
}

static bool
start(python *p, uint64_t seed)
{
    return python_open(p) &&
           CHECK_INT(krait_config_set_deterministic(p->config, seed, &p->err), KRAIT_OK) &&
           python_sandbox(p);
}

static void
same_twice(void)
{
    char *said[4];

    for (int i = 0; i < 4; i++) {
        python p;

        if (!start(&p, i < 3 ? 5 : 6))
            return;
        said[i] = says(p.sandbox, DRAW);
        if (i == 2) {
            free(said[i]);
            CHECK_INT(krait_sandbox_reset(p.sandbox, &p.err), KRAIT_OK);
            said[i] = says(p.sandbox, DRAW);
        }
        python_close(&p);
    }
    CHECK_STR(said[1], said[0]);
    CHECK_STR(said[2], said[0]);
    CHECK(strcmp(said[3], said[0]) != 0);
    for (int i = 0; i < 4; i++)
        free(said[i]);
}

static void
start_time(void)
{
    python p;
    char *said;

    if (!python_open(&p))
        return;
    CHECK_INT(krait_config_set_start_time(p.config, 1, &p.err), KRAIT_EINVAL);
    CHECK_HAS(p.err.text, "deterministic");
    CHECK_INT(krait_config_set_deterministic(p.config, 1, &p.err), KRAIT_OK);
    CHECK_INT(krait_config_set_start_time(p.config, UINT64_MAX, &p.err), KRAIT_EINVAL);
    CHECK_INT(krait_config_set_start_time(p.config, UINT64_C(86400000000000) * 366, &p.err),
              KRAIT_OK);
    CHECK_INT(krait_config_set_deterministic(p.config, 2, &p.err), KRAIT_OK);
    CHECK_INT(krait_config_set_deterministic(NULL, 2, &p.err), KRAIT_EINVAL);
    if (!python_sandbox(&p))
        return;
    said = says(p.sandbox, "import datetime, time\n"
                           "time.sleep(3600)\n"
                           "print(str(datetime.datetime.now())[:20], time.monotonic() > 3600)");
    CHECK_STR(said, "1971-01-02 01:00:00. True\n");
    free(said);
    python_close(&p);
}

/* A copy goes on where the original was, and so does the original. */
static void
copies(void)
{
    python p;
    krait_sandbox *copy = NULL;
    char *first;
    char *said[3];

    if (!start(&p, 9))
        return;
    first = says(p.sandbox, DRAW);
    if (!CHECK_INT(krait_sandbox_clone(p.sandbox, &copy, &p.err), KRAIT_OK)) {
        printf("    %s\n", p.err.text);
        return;
    }
    said[0] = says(copy, DRAW);
    CHECK_INT(krait_sandbox_reset(copy, &p.err), KRAIT_OK);
    said[1] = says(copy, DRAW);
    said[2] = says(p.sandbox, DRAW);
    CHECK_STR(said[1], said[0]);
    /* the secret of hashes is the same, what comes next is not */
    CHECK(strncmp(first, said[0], strcspn(first, " ")) == 0);
    CHECK(strcmp(first, said[0]) != 0);
    CHECK(strcmp(first, said[2]) != 0);
    for (int i = 0; i < 3; i++)
        free(said[i]);
    free(first);
    krait_sandbox_free(copy);
    python_close(&p);
}

static void
make(python *p, krait_snapshot *snapshot, krait_config *config, const char *wanted)
{
    krait_sandbox *sandbox = NULL;
    krait_status status = krait_sandbox_new_from(snapshot, config, &sandbox, &p->err);

    if (wanted == NULL) {
        CHECK_INT(status, KRAIT_OK);
    } else {
        CHECK_INT(status, KRAIT_EINVAL);
        CHECK_HAS(p->err.text, wanted);
    }
    krait_sandbox_free(sandbox);
}

static void
snapshots(void)
{
    python p;
    krait_config *plain = NULL;
    krait_sandbox *sandbox = NULL;
    krait_snapshot *snapshot = NULL;
    krait_snapshot *ordinary = NULL;

    if (!start(&p, 3))
        return;
    CHECK_INT(krait_snapshot_take(p.sandbox, &snapshot, &p.err), KRAIT_OK);
    CHECK_INT(krait_config_new(&plain, &p.err), KRAIT_OK);
    CHECK_INT(krait_sandbox_new(p.module, plain, &sandbox, &p.err), KRAIT_OK);
    CHECK_INT(krait_snapshot_take(sandbox, &ordinary, &p.err), KRAIT_OK);
    make(&p, snapshot, p.config, NULL);
    make(&p, ordinary, plain, NULL);
    make(&p, snapshot, plain, "the configuration is not");
    make(&p, ordinary, p.config, "the snapshot is not");
    CHECK_INT(krait_config_set_deterministic(p.config, 4, &p.err), KRAIT_OK);
    make(&p, snapshot, p.config, "another seed");
    krait_snapshot_free(snapshot);
    krait_snapshot_free(ordinary);
    krait_sandbox_free(sandbox);
    krait_config_free(plain);
    python_close(&p);
}

/* The bytes of a snapshot behind its header, which has the time at which it was made. */
static char *
all_state(uint64_t seed, const char *path, size_t *ret_size)
{
    enum { HEADER = 4096 };
    static const char busy[] =
        "import datetime, json, logging, os, random, re, sqlite3, tempfile, time, uuid\n"
        "x = [random.random() for i in range(1000)]\n"
        "y = {str(i) for i in range(1000)}\n"
        "with open('/tmp/f', 'w') as file: file.write(json.dumps(x))\n"
        "z = uuid.uuid4(), datetime.datetime.now(), tempfile.mkdtemp(), time.time()\n";
    krait_snapshot *snapshot = NULL;
    char *bytes = NULL;
    FILE *file = NULL;
    python p;

    if (!start(&p, seed))
        return NULL;
    free(says(p.sandbox, busy));
    if (CHECK_INT(krait_snapshot_take(p.sandbox, &snapshot, &p.err), KRAIT_OK) &&
        CHECK_INT(krait_snapshot_save(snapshot, path, &p.err), KRAIT_OK))
        file = fopen(path, "rb");
    if (CHECK(file != NULL) && CHECK_INT(fseek(file, 0, SEEK_END), 0)) {
        *ret_size = (size_t)ftell(file) - HEADER;
        bytes = malloc(*ret_size);
        CHECK_INT(fseek(file, HEADER, SEEK_SET), 0);
        CHECK_UINT(fread(bytes, 1, *ret_size, file), *ret_size);
    }
    if (file != NULL)
        fclose(file);
    remove(path);
    krait_snapshot_free(snapshot);
    python_close(&p);
    return bytes;
}

/* All memory, globals, tables, files: bit for bit. */
static void
everything(void)
{
    char folder[] = "/tmp/krait-deterministic.XXXXXX";
    char path[64];
    char *state[3];
    size_t sizes[3] = {0};

    REQUIRE(mkdtemp(folder) != NULL);
    snprintf(path, sizeof(path), "%s/snapshot", folder);
    for (unsigned i = 0; i < 3; i++)
        state[i] = all_state(i < 2 ? 8 : 9, path, &sizes[i]);
    if (CHECK(state[0] != NULL && state[1] != NULL && state[2] != NULL) &&
        CHECK_UINT(sizes[1], sizes[0])) {
        CHECK(sizes[0] > 1u << 20);
        CHECK_MEM(state[1], state[0], sizes[0]);
        CHECK(sizes[2] != sizes[0] || memcmp(state[2], state[0], sizes[0]) != 0);
    }
    for (unsigned i = 0; i < 3; i++)
        free(state[i]);
    remove(folder);
}

CHECK_MAIN(CHECK_CASE(same_twice), CHECK_CASE(start_time), CHECK_CASE(copies),
           CHECK_CASE(snapshots), CHECK_CASE(everything))
