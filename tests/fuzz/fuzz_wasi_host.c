/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_wasi_host.h: making, watching and removing the folders.
 *
 * "Not changed" is what lstat says of every file, but for the time of the last access, and that the
 * folders have as many entries as before.
 */
#include "fuzz_wasi_host.h"
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Most bytes of a file: a guest that asks for terabytes must not get them from this machine. */
#define FILE_BYTES_MOST (1u << 20)

static char base[64]; /* empty: not made yet */
static int null_fd = -1;

static const char *const watched[] = {"",        "outside", "outside/secret", "outside/dir", "ro",
                                      "ro/file", "ro/dir",  "ro/dir/inner",   "ro/link"};
#define WATCHED (sizeof(watched) / sizeof(watched[0]))
static struct stat first[WATCHED];

const char *
fuzz_host_path(const char *name)
{
    static char buffers[2][128];
    static unsigned next;
    char *buffer = buffers[next++ % 2];

    snprintf(buffer, sizeof(buffers[0]), "%s/%s", base, name);
    return buffer;
}

int
fuzz_host_null(void)
{
    return null_fd;
}

/* All that is in a folder, whatever its modes are by now. */
static void
empty_folder(int parent, const char *name)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    const struct dirent *entry;
    DIR *dir;

    if (fd < 0 && errno == EACCES && fchmodat(parent, name, 0700, 0) == 0)
        fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    FUZZ_REQUIRE(fd >= 0 && fchmod(fd, 0700) == 0);
    dir = fdopendir(fd);
    FUZZ_REQUIRE(dir != NULL);
    while ((entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (unlinkat(fd, entry->d_name, 0) == 0)
            continue;
        FUZZ_REQUIRE(errno == EISDIR || errno == EPERM);
        empty_folder(fd, entry->d_name);
        FUZZ_REQUIRE(unlinkat(fd, entry->d_name, AT_REMOVEDIR) == 0);
    }
    closedir(dir);
}

static void
put(const char *name, const char *text)
{
    int fd = open(fuzz_host_path(name), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

    FUZZ_REQUIRE(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

static void
folder(const char *name)
{
    FUZZ_REQUIRE(mkdir(fuzz_host_path(name), 0755) == 0);
}

static void
remove_all(void)
{
    empty_folder(AT_FDCWD, base);
    rmdir(base);
}

static void
make_all(void)
{
    const char *temporary = getenv("TMPDIR");
    struct rlimit limit;

    null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    snprintf(base, sizeof(base), "%s/krait-fuzz.XXXXXX", temporary != NULL ? temporary : "/tmp");
    FUZZ_REQUIRE(null_fd >= 0 && mkdtemp(base) != NULL);
    atexit(remove_all);
    FUZZ_REQUIRE(getrlimit(RLIMIT_FSIZE, &limit) == 0);
    limit.rlim_cur = FILE_BYTES_MOST;
    FUZZ_REQUIRE(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    signal(SIGXFSZ, SIG_IGN);
    folder("outside");
    folder("outside/dir");
    put("outside/secret", "secret");
    folder("ro");
    folder("ro/dir");
    put("ro/file", "read-only");
    put("ro/dir/inner", "inner");
    FUZZ_REQUIRE(symlink("file", fuzz_host_path("ro/link")) == 0);
    folder("rw");
    for (size_t i = 0; i < WATCHED; i++)
        FUZZ_REQUIRE(lstat(fuzz_host_path(watched[i]), &first[i]) == 0);
}

void
fuzz_host_begin(void)
{
    if (base[0] == '\0')
        make_all();
    empty_folder(AT_FDCWD, fuzz_host_path("rw"));
    put("rw/f", "12345");
    folder("rw/d");
    put("rw/d/f", "");
    FUZZ_REQUIRE(symlink("f", fuzz_host_path("rw/l")) == 0);
    FUZZ_REQUIRE(symlink("..", fuzz_host_path("rw/up")) == 0);
    FUZZ_REQUIRE(symlink("../outside/secret", fuzz_host_path("rw/out")) == 0);
    FUZZ_REQUIRE(symlink(fuzz_host_path("outside/secret"), fuzz_host_path("rw/abs")) == 0);
    FUZZ_REQUIRE(mkfifo(fuzz_host_path("rw/p"), 0644) == 0);
}

static bool
is_same(const struct stat *one, const struct stat *two)
{
    return one->st_dev == two->st_dev && one->st_ino == two->st_ino &&
           one->st_mode == two->st_mode && one->st_nlink == two->st_nlink &&
           one->st_uid == two->st_uid && one->st_size == two->st_size &&
           memcmp(&one->st_mtim, &two->st_mtim, sizeof(one->st_mtim)) == 0 &&
           memcmp(&one->st_ctim, &two->st_ctim, sizeof(one->st_ctim)) == 0;
}

void
fuzz_host_check(void)
{
    for (size_t i = 0; i < WATCHED; i++) {
        struct stat now;

        FUZZ_REQUIRE(lstat(fuzz_host_path(watched[i]), &now) == 0);
        FUZZ_REQUIRE(is_same(&first[i], &now));
    }
}

unsigned
fuzz_host_open_files(void)
{
    DIR *dir = opendir("/proc/self/fd");
    unsigned count = 0;

    FUZZ_REQUIRE(dir != NULL);
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count;
}
