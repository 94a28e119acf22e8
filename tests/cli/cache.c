/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cache of translations: what a use of one notes and finds.  Its size and several programs at once are
 * in tests/modules/cache.sh.
 */
#include "cli/cli.h"
#include "support/check.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static time_t
time_of(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 ? status.st_mtime : 0;
}

static void
set_time(const char *path, time_t seconds)
{
    const struct timespec times[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};

    CHECK(utimensat(AT_FDCWD, path, times, 0) == 0);
}

static void
use(void)
{
    char path[] = "/tmp/krait-test.XXXXXX";
    const int fd = mkstemp(path);
    const time_t made = time_of(path);

    REQUIRE(fd >= 0);
    close(fd);
    CHECK_INT(cli_cache_use(path, made), CLI_CACHE_NEW);
    CHECK_INT(time_of(path), made);
    CHECK_INT(cli_cache_use(path, made + 30), CLI_CACHE_OLD);
    CHECK_INT(time_of(path), made);
    /* A use sets the time anew when it is older than a minute. */
    set_time(path, made - 90);
    CHECK_INT(cli_cache_use(path, made), CLI_CACHE_OLD);
    CHECK(time_of(path) >= made);
    REQUIRE(unlink(path) == 0);
    CHECK_INT(cli_cache_use(path, made), CLI_CACHE_GONE);
    CHECK(access(path, F_OK) != 0);
    /* Nobody has removed what cannot be looked at. */
    CHECK_INT(cli_cache_use("/dev/null/none", made), CLI_CACHE_OLD);
}

CHECK_MAIN(CHECK_CASE(use))
