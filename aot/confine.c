/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See confine.h.  Landlock: Documentation/userspace-api/landlock.rst; its numbers
 * are here because the headers of older systems lack the newer ones.
 */
#include "aot/confine.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LANDLOCK_CREATE_RULESET 444
#define LANDLOCK_ADD_RULE       445
#define LANDLOCK_RESTRICT_SELF  446
#define LANDLOCK_GET_VERSION    1u
#define LANDLOCK_RULE_BENEATH   1

enum {
    FS_EXECUTE = 1u << 0,
    FS_WRITE_FILE = 1u << 1,
    FS_READ_FILE = 1u << 2,
    FS_READ_DIR = 1u << 3,
    FS_REMOVE_FILE = 1u << 5,
    FS_MAKE_REG = 1u << 8,
    FS_ALL_FIRST = (1u << 13) - 1, /* of ABI 1 */
    FS_REFER = 1u << 13,           /* from ABI 2 on */
    FS_TRUNCATE = 1u << 14,        /* from ABI 3 on */
    FS_ON_FILES = FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE
};

struct ruleset {
    uint64_t files;
    uint64_t network; /* from ABI 4 on: TCP bind and connect */
    uint64_t scoped;  /* from ABI 6 on: abstract sockets and signals stay inside */
};

struct beneath {
    uint64_t access;
    int32_t parent;
} __attribute__((packed));

/* Where systems keep compilers, linkers, libraries and headers, and what the dynamic
 * linker reads.  Not all of /etc: some of it is secret. */
static const char *const readable[] = {
    "/usr",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/bin",
    "/sbin",
    "/opt",
    "/nix/store",
    "/gnu/store",
    "/home/linuxbrew/.linuxbrew",
    "/etc/clang",
    "/etc/alternatives",
    "/etc/ld.so.cache",
    "/etc/ld.so.preload",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/dev/urandom",
    "/dev/random",
    "/dev/zero",
    "/sys/devices/system/cpu",
};

/* Beside the compiler's own directory: what an installation of it consists of. */
static const char *const siblings[] = {"lib", "lib64", "libexec", "include", "share"};

/* ---- files ------------------------------------------------------------------------------ */

static void
allow(const krait_confine *confine, const char *path, uint64_t access)
{
    struct beneath rule = {.access = access};
    int fd = open(path, O_PATH | O_CLOEXEC);
    bool is_directory;

    if (fd < 0)
        return;
    is_directory = faccessat(fd, ".", F_OK, 0) == 0;
    if (!is_directory)
        rule.access &= FS_ON_FILES;
    if (confine->landlock_abi < 3)
        rule.access &= ~(uint64_t)FS_TRUNCATE;
    rule.parent = fd;
    /* A rule that cannot be added only makes the sandbox narrower. */
    (void)syscall(LANDLOCK_ADD_RULE, confine->landlock, LANDLOCK_RULE_BENEATH, &rule, 0);
    close(fd);
}

/* The compiler may be installed anywhere. */
static void
allow_compiler(const krait_confine *confine, const char *compiler)
{
    char folder[PATH_MAX];
    char path[PATH_MAX + 16];
    char *slash;
    unsigned i;

    if (realpath(compiler, folder) == NULL)
        return;
    slash = strrchr(folder, '/');
    if (slash == NULL || slash == folder)
        return;
    *slash = '\0';
    allow(confine, folder, FS_READ_FILE | FS_READ_DIR | FS_EXECUTE);
    for (i = 0; i < sizeof(siblings) / sizeof(siblings[0]); i++) {
        snprintf(path, sizeof(path), "%s/../%s", folder, siblings[i]);
        allow(confine, path, FS_READ_FILE | FS_READ_DIR | FS_EXECUTE);
    }
}

static void
make_ruleset(krait_confine *confine, const char *directory, const char *compiler)
{
    struct ruleset rules = {.files = FS_ALL_FIRST};
    size_t size = sizeof(rules.files);
    long abi = syscall(LANDLOCK_CREATE_RULESET, NULL, 0, LANDLOCK_GET_VERSION);
    unsigned i;

    if (abi < 1)
        return;
    confine->landlock_abi = (int)abi;
    if (abi >= 2)
        rules.files |= FS_REFER;
    if (abi >= 3)
        rules.files |= FS_TRUNCATE;
    if (abi >= 4) {
        rules.network = 3;
        size = offsetof(struct ruleset, scoped);
    }
    if (abi >= 6) {
        rules.scoped = 3;
        size = sizeof(rules);
    }
    confine->landlock = (int)syscall(LANDLOCK_CREATE_RULESET, &rules, size, 0);
    if (confine->landlock < 0)
        return;
    for (i = 0; i < sizeof(readable) / sizeof(readable[0]); i++)
        allow(confine, readable[i], FS_READ_FILE | FS_READ_DIR | FS_EXECUTE);
    allow_compiler(confine, compiler);
    allow(confine, "/dev/null", FS_READ_FILE | FS_WRITE_FILE);
    allow(confine, directory,
          FS_READ_FILE | FS_READ_DIR | FS_WRITE_FILE | FS_MAKE_REG | FS_REMOVE_FILE | FS_TRUNCATE);
}

/* ---- preparation ------------------------------------------------------------------------ */

/* Compilers are told where to search and where to write, and nothing of the caller's:
 * variables such as CPATH and LIBRARY_PATH would change what they make. */
static void
make_environ(krait_confine *confine, const char *directory)
{
    static char locale[] = "LC_ALL=C";
    static char ccache[] = "CCACHE_DISABLE=1";
    const char *path = getenv("PATH");

    snprintf(confine->path_variable, sizeof(confine->path_variable), "PATH=%s",
             path != NULL ? path : "/usr/bin:/bin");
    snprintf(confine->home_variable, sizeof(confine->home_variable), "HOME=%s", directory);
    snprintf(confine->temporary_variable, sizeof(confine->temporary_variable), "TMPDIR=%s",
             directory);
    confine->environ[0] = confine->path_variable;
    confine->environ[1] = confine->home_variable;
    confine->environ[2] = confine->temporary_variable;
    confine->environ[3] = locale;
    confine->environ[4] = ccache;
    confine->environ[5] = NULL;
}

krait_status
krait__confine_prepare(krait_confine *confine, const krait_aot_options *options,
                       const char *directory, const char *compiler, krait_error *err)
{
    confine->landlock = -1;
    confine->landlock_abi = 0;
    confine->has_seccomp = false;
    confine->memory_bytes = options->memory_mib == KRAIT_AOT_NO_LIMIT
                                ? UINT64_MAX
                                : (uint64_t)options->memory_mib << 20;
    confine->cpu_s = options->cpu_s == KRAIT_AOT_NO_LIMIT ? UINT64_MAX : options->cpu_s;
    make_environ(confine, directory);
    if (options->confine == KRAIT_AOT_CONFINE_OFF)
        return KRAIT_OK;
    make_ruleset(confine, directory, compiler);
    confine->has_seccomp = krait__confine_can_filter();
    if (options->confine == KRAIT_AOT_CONFINE_REQUIRE &&
        (confine->landlock < 0 || !confine->has_seccomp))
        return krait__error_set(err, KRAIT_EUNSUPPORTED, 0,
                                "this system cannot confine the compiler: it has no %s",
                                confine->landlock < 0 ? "Landlock" : "seccomp filters");
    return KRAIT_OK;
}

void
krait__confine_release(krait_confine *confine)
{
    if (confine->landlock >= 0)
        close(confine->landlock);
    confine->landlock = -1;
}

void
krait__confine_describe(const krait_confine *confine, char *text, size_t size)
{
    char memory[40] = "no limit of memory";
    char time[40] = "no limit of time";
    char files[64] = "no limits on files (no Landlock)";

    if (confine->memory_bytes != UINT64_MAX)
        snprintf(memory, sizeof(memory), "%llu MiB",
                 (unsigned long long)(confine->memory_bytes >> 20));
    if (confine->cpu_s != UINT64_MAX)
        snprintf(time, sizeof(time), "%llu s", (unsigned long long)confine->cpu_s);
    if (confine->landlock >= 0)
        snprintf(files, sizeof(files), "Landlock %d", confine->landlock_abi);
    snprintf(text, size, "each compiler: %s, %s, %s, %s", time, memory, files,
             confine->has_seccomp ? "seccomp" : "no limits on system calls (no seccomp)");
}

/* ---- in the child ----------------------------------------------------------------------- */

#ifdef __GLIBC__
typedef __rlimit_resource_t resource_kind;
#else
typedef int resource_kind;
#endif

/* Lowers a limit; one that is lower stays. */
static int
limit(int resource, uint64_t value)
{
    struct rlimit now;

    if (value == UINT64_MAX)
        return 0;
    if (getrlimit((resource_kind)resource, &now) != 0)
        return errno;
    if (now.rlim_cur == RLIM_INFINITY || now.rlim_cur > value)
        now.rlim_cur = (rlim_t)value;
    /* One more than the soft limit: SIGXCPU comes first and says what it was. */
    if (now.rlim_max == RLIM_INFINITY || now.rlim_max > value + 1)
        now.rlim_max = (rlim_t)value + 1;
    if (now.rlim_cur > now.rlim_max)
        now.rlim_cur = now.rlim_max;
    return setrlimit((resource_kind)resource, &now) != 0 ? errno : 0;
}

static int
apply_limits(const krait_confine *confine)
{
    int number = limit(RLIMIT_CORE, 0);

    if (number == 0)
        number = limit(RLIMIT_CPU, confine->cpu_s);
    if (number == 0)
        number = limit(RLIMIT_AS, confine->memory_bytes);
    if (number == 0)
        number = limit(RLIMIT_FSIZE, KRAIT_CONFINE_FILE_BYTES);
    if (number == 0)
        number = limit(RLIMIT_NOFILE, 1024);
    return number;
}

int
krait__confine_apply(const krait_confine *confine)
{
    int number = apply_limits(confine);

    if (number != 0)
        return number;
    if ((confine->landlock >= 0 || confine->has_seccomp) &&
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return errno;
    if (confine->landlock >= 0 && syscall(LANDLOCK_RESTRICT_SELF, confine->landlock, 0) != 0)
        return errno;
    return confine->has_seccomp ? krait__confine_filter() : 0;
}
