/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "C compilers" that do what none should.  Which one is decided by the name that
 * the program is called by, for krait passes no variables on.
 *
 *   probe_cc   says what it may do: errno of each attempt, 0 for none
 *   spin_cc    computes without end
 *   hungry_cc  allocates without end
 *   flood_cc   writes one file without end
 *   sleepy_cc  waits, with a child that left its process group where it may;
 *              the numbers of both are in the file "pids"
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

static int
open_errno(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);

    if (fd < 0)
        return errno;
    close(fd);
    return 0;
}

static unsigned
count_environ(void)
{
    unsigned count = 0;

    while (environ[count] != NULL)
        count++;
    return count;
}

static unsigned
count_descriptors(void)
{
    unsigned count = 0;
    int fd;

    for (fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* The folder of this program holds what the test put there to be left alone. */
static void
probe(const char *program)
{
    char outside[4096];
    const char *slash = strrchr(program, '/');

    snprintf(outside, sizeof(outside), "%.*s/outside", (int)(slash - program), program);
    fprintf(stderr, "socket %d\n", socket(AF_INET, SOCK_STREAM, 0) < 0 ? errno : 0);
    fprintf(stderr, "passwd %d\n", open_errno("/etc/passwd", O_RDONLY));
    fprintf(stderr, "usr %d\n", open_errno("/usr/bin", O_RDONLY));
    fprintf(stderr, "outside %d\n", open_errno(outside, O_WRONLY | O_CREAT));
    fprintf(stderr, "inside %d\n", open_errno("inside", O_WRONLY | O_CREAT));
    fprintf(stderr, "null %d\n", open_errno("/dev/null", O_RDWR));
    fprintf(stderr, "setsid %d\n", setsid() < 0 ? errno : 0);
    fprintf(stderr, "parent %d\n", kill(getppid(), 0) != 0 ? errno : 0);
    fprintf(stderr, "nnp %d\n", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    fprintf(stderr, "environ %u\n", count_environ());
    fprintf(stderr, "descriptors %u\n", count_descriptors());
}

static void
hungry(void)
{
    size_t total = 0;

    for (;;) {
        /* Compilers leave out an allocation that nobody looks at. */
        char *volatile block = malloc(16u << 20);

        if (block == NULL)
            break;
        *(volatile char *)block = 1;
        total += 16;
    }
    fprintf(stderr, "odd_cc: out of memory after %zu MiB\n", total);
}

static void
flood(void)
{
    static char block[1 << 20];
    int fd = open("flood", O_WRONLY | O_CREAT | O_CLOEXEC | O_APPEND, 0600);

    /* Sparse: only the size counts. */
    for (;;) {
        if (lseek(fd, 64 << 20, SEEK_END) < 0 || ftruncate(fd, lseek(fd, 0, SEEK_CUR)) != 0 ||
            write(fd, block, 1) != 1)
            break;
    }
    fprintf(stderr, "odd_cc: cannot write: %s\n", strerror(errno));
}

static void
sleepy(void)
{
    FILE *file;
    pid_t child = fork();

    if (child == 0) {
        (void)setsid();
        sleep(100);
        _exit(0);
    }
    file = fopen("pids.new", "we");
    if (file != NULL) {
        fprintf(file, "%ld\n%ld\n", (long)getpid(), (long)child);
        fclose(file);
        rename("pids.new", "pids");
    }
    sleep(100);
}

int
main(int argc, char **argv)
{
    const char *name = strrchr(argv[0], '/') != NULL ? strrchr(argv[0], '/') + 1 : argv[0];
    volatile unsigned work = 0;

    if (argc > 1 && strcmp(argv[1], "--version") == 0) {
        printf("%s 1.0\n", name);
        return 0;
    }
    if (strcmp(name, "probe_cc") == 0)
        probe(argv[0]);
    else if (strcmp(name, "hungry_cc") == 0)
        hungry();
    else if (strcmp(name, "flood_cc") == 0)
        flood();
    else if (strcmp(name, "sleepy_cc") == 0)
        sleepy();
    else if (strcmp(name, "spin_cc") == 0)
        for (;;)
            work++;
    return 1;
}
