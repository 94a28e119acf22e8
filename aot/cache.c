/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Modules that were translated before: FOLDER/KEY.krt, where KEY is a SHA-256 of
 * everything that the translation depends on.  The compiler is known by path, size
 * and time, for asking it for its version takes longer than starting a module.
 *
 * One process translates, others that need the same result wait for it
 * (FOLDER/KEY.lock).  A result appears under its name in one step.
 */
#include "aot/build.h"
#include "aot/compiler.h"
#include "aot/identity.h"
#include "aot/input.h"
#include "aot/jobs.h"
#include "aot/limits.h"
#include "aot/options.h"
#include "base/alloc.h"
#include "base/cpu.h"
#include "base/error.h"
#include "base/krt.h"

#include <krait/abi.h>
#include <krait/aot.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define POLL_MS 100

typedef struct cache {
    const char *wasm_path;
    const uint8_t *wasm;
    size_t wasm_size;
    uint8_t wasm_sha256[KRAIT_SHA256_SIZE];
    const char *folder;
    krait_aot_options options;
    char key[2 * KRAIT_SHA256_SIZE + 1];
    const char *krt_path;
    krait_error *err;
} cache;

/* ---- the key ---------------------------------------------------------------------------- */

static void
hex(const uint8_t digest[KRAIT_SHA256_SIZE], char text[2 * KRAIT_SHA256_SIZE + 1])
{
    unsigned i;

    for (i = 0; i < KRAIT_SHA256_SIZE; i++)
        snprintf(text + (size_t)2 * i, 3, "%02x", digest[i]);
}

/* Another file at the same place is another compiler. */
static void
add_compiler(krait_text *text, const krait_aot_options *options)
{
    krait_compiler compiler = {NULL, NULL};
    char real[4096];
    struct stat status;

    if (krait__compiler_find(options->cc, getenv("KRAIT_CC"), &compiler, NULL) != KRAIT_OK)
        return;
    if (realpath(compiler.path, real) != NULL && stat(real, &status) == 0)
        krait__text_fmt(text, "compiler %s %s %lld %lld.%09ld\n", compiler.path, real,
                        (long long)status.st_size, (long long)status.st_mtim.tv_sec,
                        status.st_mtim.tv_nsec);
    krait__compiler_release(&compiler);
}

static krait_status
make_key(cache *c)
{
    const krait_aot_options *options = &c->options;
    krait_identity identity = {
        .compiler = "", .opt_flag = options->opt_level, .flags = krait__options_flags(options)};
    uint8_t digest[KRAIT_SHA256_SIZE];
    krait_text text = {0};
    char *first = NULL;

    if (options->first != NULL) {
        krait_status status = krait__input_text(options->first, KRAIT_FIRST_MAX_BYTES, &first,
                                                c->err);

        if (status != KRAIT_OK)
            return status;
        identity.first = first;
    }
    krait__sha256(c->wasm, c->wasm_size, c->wasm_sha256);
    hex(c->wasm_sha256, c->key);
    krait__text_fmt(
        &text, "format %u\nabi %u\nrevision %u\nwasm %s\nmachine %u %llx\nparts %u\nplain %u\n",
        KRAIT_KRT_FORMAT, KRAIT_ABI_VERSION, KRAIT_TRANSLATOR_REVISION, c->key,
        krait__cpu_machine(), (unsigned long long)krait__cpu_present(), options->parts,
        options->plain_function);
    add_compiler(&text, options);
    krait__identity_write(&text, &identity);
    krait__free(first);
    if (text.no_memory) {
        krait__text_release(&text);
        return krait__error_nomem(c->err);
    }
    krait__sha256(text.data, text.size, digest);
    hex(digest, c->key);
    krait__text_release(&text);
    return KRAIT_OK;
}

/* ---- what is there ---------------------------------------------------------------------- */

/* The file is native code, so it counts only when nobody else could have written it. */
static bool
is_own(int fd)
{
    struct stat status;

    return fstat(fd, &status) == 0 && (status.st_uid == geteuid() || status.st_uid == 0) &&
           (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static bool
is_cached(const cache *c)
{
    int fd = open(c->krt_path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    krait_krt_seal seal;
    bool found;

    if (fd < 0)
        return false;
    found = is_own(fd) && krait__krt_read(fd, c->krt_path, &seal, NULL, NULL) == KRAIT_OK &&
            seal.abi_version == KRAIT_ABI_VERSION && seal.revision == KRAIT_TRANSLATOR_REVISION &&
            seal.machine == krait__cpu_machine() &&
            memcmp(seal.wasm_sha256, c->wasm_sha256, sizeof(seal.wasm_sha256)) == 0;
    close(fd);
    return found;
}

/* ---- the lock --------------------------------------------------------------------------- */

static bool
is_cancelled(const cache *c)
{
    return c->options.cancel != NULL && *c->options.cancel != 0;
}

/* Waits for a process that translates the same; without locks (some network file systems)
 * both do it. */
static krait_status
take_lock(const cache *c, int fd)
{
    uint64_t end = krait__jobs_clock_ms() + (uint64_t)c->options.timeout_s * 1000;
    bool told = false;

    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return KRAIT_OK;
        if (!told && c->options.note != NULL)
            c->options.note(c->options.user, "another process translates it; waiting");
        told = true;
        if (is_cancelled(c))
            return krait__error_set(c->err, KRAIT_EBUSY, 0, "cancelled");
        if (krait__jobs_clock_ms() > end)
            return KRAIT_OK;
        (void)usleep(POLL_MS * 1000);
    }
    return KRAIT_OK;
}

static krait_status
fill(cache *c)
{
    char lock_path[4096 + 100];
    krait_status status;
    int lock;

    snprintf(lock_path, sizeof(lock_path), "%s/%s.lock", c->folder, c->key);
    lock = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (lock < 0)
        return krait__error_set(c->err, KRAIT_EIO, errno, "cannot write to the cache '%s'",
                                c->folder);
    status = take_lock(c, lock);
    if (status == KRAIT_OK && !is_cached(c))
        status = krait__build(c->wasm, c->wasm_size, c->wasm_path, c->krt_path, &c->options,
                              c->err);
    /* Whoever waits for this lock finds the result. */
    (void)unlink(lock_path);
    close(lock);
    return status;
}

static krait_status
look_up(cache *c, bool remake, size_t path_size, char *ret_path)
{
    krait_status status = make_key(c);
    struct stat folder;
    int size;

    if (status != KRAIT_OK)
        return status;
    size = snprintf(ret_path, path_size, "%s/%s.krt", c->folder, c->key);
    if (size < 0 || (size_t)size >= path_size || strlen(c->folder) > 4096)
        return krait__error_set(c->err, KRAIT_EIO, ENAMETOOLONG, "cannot use the cache '%s'",
                                c->folder);
    if (stat(c->folder, &folder) != 0 || !S_ISDIR(folder.st_mode))
        return krait__error_set(c->err, KRAIT_EIO, ENOTDIR, "cannot use the cache '%s'", c->folder);
    if (folder.st_uid != geteuid() || (folder.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return krait__error_set(c->err, KRAIT_EIO, 0,
                                "cannot use the cache '%s': it is not this user's alone",
                                c->folder);
    c->krt_path = ret_path;
    if (remake)
        (void)unlink(ret_path);
    return is_cached(c) ? KRAIT_OK : fill(c);
}

krait_status
krait_aot_cached(const char *wasm_path, const char *folder, const krait_aot_options *options,
                 unsigned remake, char *ret_path, size_t path_size, krait_error *err)
{
    cache c = {.wasm_path = wasm_path, .folder = folder, .err = err};
    uint8_t *data = NULL;
    krait_status status = krait__options_take(options, &c.options, err);

    if (status == KRAIT_OK)
        status = krait__input_read(wasm_path, KRAIT_WASM_MAX_MODULE_BYTES, &data, &c.wasm_size,
                                   err);
    if (status != KRAIT_OK)
        return status;
    c.wasm = data;
    status = look_up(&c, remake != 0, path_size, ret_path);
    krait__free(data);
    return status;
}
