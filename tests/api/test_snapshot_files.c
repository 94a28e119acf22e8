/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Snapshots in files: who may read them, damage, other builds, and what the kernel's cache holds.
 */
#include "api/internal.h"
#include "tests/api/python.h"

#include "base/hash.h"
#include "base/krt.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

typedef struct saved {
    char folder[64];
    char path[128];
    size_t size;
} saved;

static bool
save(python *p, saved *s)
{
    krait_snapshot *snapshot = python_take(p);
    struct stat status;

    (void)snprintf(s->folder, sizeof(s->folder), "/tmp/krait-snapshot-XXXXXX");
    if (snapshot == NULL || mkdtemp(s->folder) == NULL)
        return false;
    (void)snprintf(s->path, sizeof(s->path), "%s/s.krs", s->folder);
    CHECK_INT(krait_snapshot_save(snapshot, s->path, &p->err), KRAIT_OK);
    krait_snapshot_free(snapshot);
    if (stat(s->path, &status) != 0)
        return false;
    CHECK_UINT(status.st_mode & 07777, 0600);
    s->size = (size_t)status.st_size;
    return true;
}

static void
save_remove(const saved *s)
{
    (void)unlink(s->path);
    CHECK(rmdir(s->folder) == 0);
}

static krait_status
reopen(python *p, const saved *s)
{
    krait_snapshot *snapshot = NULL;
    krait_status status = krait_snapshot_open(p->module, s->path, &snapshot, &p->err);

    if (status == KRAIT_OK)
        CHECK(python_from_snapshot(p, snapshot));
    krait_snapshot_free(snapshot);
    return status;
}

static void
saved_files(void)
{
    python p;
    krait_snapshot_info info;
    saved s;
    char other[160];

    REQUIRE(python_start(&p));
    python_run(&p, "import json\nkept = 'kept'\nopen('/tmp/f', 'w').write('text')");
    REQUIRE(save(&p, &s));
    REQUIRE(reopen(&p, &s) == KRAIT_OK);
    python_run(&p, "print(kept, json.dumps([1]), open('/tmp/f').read())");
    CHECK_STR(p.result.stdout_bytes, "kept [1] text\n");
    CHECK_INT(krait_snapshot_inspect(s.path, 1, &info, &p.err), KRAIT_OK);
    CHECK_INT(info.kind, KRAIT_SNAPSHOT_SESSION);
    CHECK(info.created_ns > 0 && info.memory_bytes >= 1 << 20 && info.stored_bytes > 1 << 20);
    REQUIRE(chmod(s.path, 0640) == 0);
    CHECK_INT(reopen(&p, &s), KRAIT_EFORMAT);
    CHECK_HAS(p.err.text, "others than its owner");
    REQUIRE(chmod(s.path, 0600) == 0);
    (void)snprintf(other, sizeof(other), "%s/link", s.folder);
    REQUIRE(symlink(s.path, other) == 0);
    CHECK_INT(krait_snapshot_inspect(other, 0, NULL, &p.err), KRAIT_EIO);
    REQUIRE(unlink(other) == 0);
    CHECK_INT(krait_snapshot_inspect(s.folder, 0, NULL, &p.err), KRAIT_EFORMAT);
    if (geteuid() == 0) {
        REQUIRE(chown(s.path, 12345, 12345) == 0);
        CHECK_INT(reopen(&p, &s), KRAIT_EFORMAT);
        CHECK_HAS(p.err.text, "belongs to another user");
    }
    save_remove(&s);
    CHECK_INT(reopen(&p, &s), KRAIT_ENOTFOUND);
    python_close(&p);
}

/* Bytes of the file that are no holes and not in the kernel's cache; -1: nobody knows. */
static long
not_cached(int fd, size_t size)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char *there = calloc(size / page + 1, 1);
    void *map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    long missing = 0;

    if (there == NULL || map == MAP_FAILED || mincore(map, size, there) != 0)
        missing = -1;
    for (size_t at = 0; missing >= 0 && at < size; at += page) {
        off_t data = lseek(fd, (off_t)at, SEEK_DATA);

        if (data < 0)
            break;
        at = (size_t)data / page * page;
        missing += (there[at / page] & 1) == 0 ? (long)page : 0;
    }
    if (map != MAP_FAILED)
        munmap(map, size);
    free(there);
    return missing;
}

/* A file that has to come from the disk comes as a whole, when it is opened. */
static void
cold_files(void)
{
    python p;
    krait_snapshot *snapshot = NULL;
    saved s;
    uint8_t byte;
    struct iovec part = {&byte, 1};
    int fd;

    REQUIRE(python_start(&p));
    REQUIRE(save(&p, &s));
    fd = open(s.path, O_RDONLY | O_CLOEXEC);
    REQUIRE(fd >= 0 && fsync(fd) == 0 && posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) == 0);
    printf("%ld bytes are not in the cache\n", not_cached(fd, s.size));
    CHECK_INT(krait_snapshot_open(p.module, s.path, &snapshot, &p.err), KRAIT_OK);
    if (preadv2(fd, &part, 1, 0, RWF_NOWAIT) < 0)
        printf("not checked: this file system cannot tell what is in the cache: %s\n",
               strerror(errno));
    else
        CHECK_INT(not_cached(fd, s.size), 0);
    CHECK(python_from_snapshot(&p, snapshot));
    krait_snapshot_free(snapshot);
    close(fd);
    save_remove(&s);
    python_close(&p);
}

/* Writes over one byte of the file. */
static void
change(const saved *s, size_t offset)
{
    int fd = open(s->path, O_RDWR);
    uint8_t byte = 0;

    CHECK(fd >= 0 && pread(fd, &byte, 1, (off_t)offset) == 1);
    byte ^= 0x10;
    CHECK(pwrite(fd, &byte, 1, (off_t)offset) == 1);
    close(fd);
}

static void
damaged_files(void)
{
    python p;
    saved s;

    REQUIRE(python_start(&p));
    python_run(&p, "import json");
    REQUIRE(save(&p, &s));
    for (size_t offset = 0; offset < sizeof(krait_snapshot_header); offset++) {
        change(&s, offset);
        CHECK_INT(reopen(&p, &s), KRAIT_EFORMAT);
        change(&s, offset);
    }
    REQUIRE(reopen(&p, &s) == KRAIT_OK);
    /* One byte of the memory: only a look at all of it tells. */
    change(&s, s.size - 1000);
    CHECK_INT(krait_snapshot_inspect(s.path, 0, NULL, &p.err), KRAIT_OK);
    CHECK_INT(krait_snapshot_inspect(s.path, 1, NULL, &p.err), KRAIT_EFORMAT);
    CHECK_HAS(p.err.text, "damaged");
    change(&s, s.size - 1000);
    CHECK_INT(krait_snapshot_inspect(s.path, 1, NULL, &p.err), KRAIT_OK);
    for (size_t size = 0; size < s.size; size += size < 8192 ? 97 : 1 << 20) {
        REQUIRE(truncate(s.path, (off_t)s.size) == 0);
        REQUIRE(truncate(s.path, (off_t)(s.size - 1 - size)) == 0);
        CHECK_INT(reopen(&p, &s), KRAIT_EFORMAT);
    }
    save_remove(&s);
    python_close(&p);
}

/* Another build of the module is another module. */
static void
wrong_builds(void)
{
    python p;
    saved s;
    krait_snapshot_header header;
    krait_snapshot *snapshot = NULL;
    int fd;

    REQUIRE(python_start(&p));
    REQUIRE(save(&p, &s));
    fd = open(s.path, O_RDWR);
    REQUIRE(fd >= 0 && pread(fd, &header, sizeof(header), 0) == (ssize_t)sizeof(header));
    for (int i = 0; i < 3; i++) {
        krait_snapshot_header other = header;

        if (i == 0)
            other.build_id[5] ^= 1;
        else if (i == 1)
            other.library.mtime_ns++;
        else
            other.kind = 77;
        other.header_hash = krait__hash(1, &other, offsetof(krait_snapshot_header, header_hash));
        REQUIRE(pwrite(fd, &other, sizeof(other), 0) == (ssize_t)sizeof(other));
        CHECK_INT(krait_snapshot_open(p.module, s.path, &snapshot, &p.err), KRAIT_EFORMAT);
        CHECK_HAS(p.err.text, i == 0   ? "another module"
                              : i == 1 ? "another standard library"
                                       : "unknown kind");
    }
    close(fd);
    save_remove(&s);
    python_close(&p);
}

/* ---- upgrades while a session runs --------------------------------------------------------- */

/* An installed Python whose library and translation can be replaced. */
typedef struct installed {
    char folder[64];
    char link[128]; /* the library */
    char krt[128];
    char krs[128];
} installed;

/* Runs commands for which these paths are $1 and $2. */
static bool
shell(const char *commands, const char *first, const char *second)
{
    char text[3 * PATH_MAX];

    (void)snprintf(text, sizeof(text), "set -- '%s' '%s'; %s", first, second, commands);
    return CHECK_INT(system(text), 0);
}

/* Gives the folder a library: "other", in which there is nothing, or the real one. */
static bool
link_library(const installed *i, bool real)
{
    char path[PATH_MAX] = "other";

    if (real)
        (void)snprintf(path, sizeof(path), "%s/usr/local/lib/python3.13",
                       getenv("KRAIT_RUNTIME_TREE"));
    (void)unlink(i->link);
    return CHECK(symlink(path, i->link) == 0);
}

static bool
install(python *p, installed *i)
{
    const char *real = getenv("KRAIT_RUNTIME_TREE");

    memset(p, 0, sizeof(*p));
    (void)snprintf(i->folder, sizeof(i->folder), "/tmp/krait-installed-XXXXXX");
    if (!CHECK(real != NULL) || !CHECK(mkdtemp(i->folder) != NULL))
        return false;
    (void)snprintf(i->link, sizeof(i->link), "%s/usr/local/lib/python3.13", i->folder);
    (void)snprintf(i->krt, sizeof(i->krt), "%s/python.krt", i->folder);
    (void)snprintf(i->krs, sizeof(i->krs), "%s/s.krs", i->folder);
    return shell("mkdir -p \"$2/usr/local/lib/other\" && ln -s \"$1/bin\" \"$2/bin\"", real,
                 i->folder) &&
           link_library(i, true) && shell("cp \"$1/python.krt\" \"$2\"", real, i->krt) &&
           CHECK_INT(krait_engine_new(&p->engine, &p->err), KRAIT_OK) &&
           CHECK_INT(krait_python_open(p->engine, i->folder, &p->module, &p->err), KRAIT_OK) &&
           CHECK_INT(krait_config_new(&p->config, &p->err), KRAIT_OK);
}

static krait_status
open_both(python *p, const installed *i)
{
    krait_module *module = NULL;
    krait_snapshot *snapshot = NULL;
    krait_status status = krait_python_open_snapshot(p->engine, i->folder, NULL, i->krs, &module,
                                                     &snapshot, &p->err);

    krait_snapshot_free(snapshot);
    krait_module_close(module);
    return status;
}

/* A snapshot belongs to the library that its memory comes from, and its copies have that one. */
static void
other_library(void)
{
    python p;
    installed i;
    krait_sandbox *clone = NULL;

    REQUIRE(install(&p, &i) && python_sandbox(&p));
    python_run(&p, "import colorsys");
    REQUIRE(link_library(&i, false));
    for (int round = 0; round < 2; round++) {
        krait_snapshot *snapshot = python_take(&p);

        REQUIRE(snapshot != NULL);
        CHECK_INT(krait_snapshot_save(snapshot, i.krs, &p.err), KRAIT_OK);
        CHECK_INT(open_both(&p, &i), KRAIT_EFORMAT);
        CHECK_HAS(p.err.text, "another standard library");
        REQUIRE(krait_sandbox_clone(p.sandbox, &clone, &p.err) == KRAIT_OK);
        krait_sandbox_free(p.sandbox);
        p.sandbox = clone;
        python_run(&p, "import sched, sys\nsys.modules['colorsys']");
        REQUIRE(python_from_snapshot(&p, snapshot));
        python_run(&p, "import sched, sys\nsys.modules['colorsys']");
        REQUIRE(krait_sandbox_reset(p.sandbox, &p.err) == KRAIT_OK);
        python_run(&p, "import sched");
        krait_snapshot_free(snapshot);
    }
    REQUIRE(link_library(&i, true));
    CHECK_INT(open_both(&p, &i), KRAIT_OK);
    python_close(&p);
    CHECK(shell("rm -r \"$1\"", i.folder, ""));
}

/* It is the library that is there when the sandbox is made, not when the module is opened. */
static void
newer_library(void)
{
    python p;
    installed i;
    krait_snapshot *snapshot;

    REQUIRE(install(&p, &i));
    krait_module_close(p.module);
    REQUIRE(link_library(&i, false));
    REQUIRE(krait_python_open(p.engine, i.folder, &p.module, &p.err) == KRAIT_OK);
    REQUIRE(link_library(&i, true));
    REQUIRE(python_sandbox(&p));
    snapshot = python_take(&p);
    REQUIRE(snapshot != NULL);
    CHECK_INT(krait_snapshot_save(snapshot, i.krs, &p.err), KRAIT_OK);
    CHECK_INT(open_both(&p, &i), KRAIT_OK);
    REQUIRE(link_library(&i, false));
    REQUIRE(krait_sandbox_reset(p.sandbox, &p.err) == KRAIT_OK);
    krait_snapshot_free(snapshot);
    python_close(&p);
    CHECK(shell("rm -r \"$1\"", i.folder, ""));
}

/* A translation that was put in place meanwhile was never searched for damage: it is when it is opened. */
static void
other_translation(void)
{
    python p;
    installed i;
    krait_snapshot *snapshot;
    krait_krt_seal seal;
    uint8_t byte = 0;
    off_t at;
    int fd;

    REQUIRE(install(&p, &i) && python_sandbox(&p));
    REQUIRE(shell("cp \"$1\" \"$2/new\" && mv \"$2/new\" \"$1\"", i.krt, i.folder));
    fd = open(i.krt, O_RDWR | O_CLOEXEC);
    REQUIRE(fd >= 0 && krait__krt_read(fd, i.krt, &seal, NULL, &p.err) == KRAIT_OK);
    at = (off_t)(seal.ranges[0].offset + seal.ranges[0].size - 1);
    REQUIRE(pread(fd, &byte, 1, at) == 1);
    byte ^= 1;
    REQUIRE(pwrite(fd, &byte, 1, at) == 1);
    close(fd);
    snapshot = python_take(&p);
    REQUIRE(snapshot != NULL);
    CHECK_INT(krait_snapshot_save(snapshot, i.krs, &p.err), KRAIT_OK);
    CHECK_INT(open_both(&p, &i), KRAIT_EFORMAT);
    CHECK_HAS(p.err.text, "damaged");
    krait_snapshot_free(snapshot);
    python_close(&p);
    CHECK(shell("rm -r \"$1\"", i.folder, ""));
}

CHECK_MAIN(CHECK_CASE(saved_files), CHECK_CASE(cold_files), CHECK_CASE(damaged_files),
           CHECK_CASE(wrong_builds), CHECK_CASE(other_library), CHECK_CASE(newer_library),
           CHECK_CASE(other_translation))
