/* SPDX-License-Identifier: Apache-2.0 */
/*
 * without_openat2 PROGRAM [ARGUMENT...]: runs a program on a kernel without openat2.
 *
 * A seccomp filter answers that call with ENOSYS, as Linux before 5.6 does, for the program and
 * all that it starts.  What the program does about it is then the real thing.  Exits 77 where a
 * filter cannot be set.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_openat2
#define SYS_openat2 437 /* on every machine */
#endif

static int
take_away(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return -1;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

int
main(int argc, char **argv)
{
    char how[24] = {0};

    if (argc < 2) {
        fprintf(stderr, "usage: without_openat2 PROGRAM [ARGUMENT...]\n");
        return 2;
    }
    if (take_away() != 0) {
        printf("skipped: no seccomp filter here: %s\n", strerror(errno));
        return 77;
    }
    if (syscall(SYS_openat2, -1, ".", how, sizeof(how)) != -1 || errno != ENOSYS) {
        fprintf(stderr, "openat2 is still there\n");
        return 1;
    }
    execvp(argv[1], argv + 1);
    fprintf(stderr, "cannot run '%s': %s\n", argv[1], strerror(errno));
    return 1;
}
