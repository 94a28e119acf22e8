/* SPDX-License-Identifier: Apache-2.0 */
/*
 * older_kernel PROGRAM [ARGUMENT...]: runs a program without what newer kernels have.
 *
 * A seccomp filter answers for the program and all that it starts as older kernels do: openat2
 * (Linux 5.6) with ENOSYS, the ioctl PAGEMAP_SCAN (6.7) with ENOTTY, memfd_create with
 * MFD_NOEXEC_SEAL (6.3) with EINVAL, preadv2 and pwritev2 with EOPNOTSUPP (pipes before 6.4).  What the program does about it is then the real thing.
 * Exits 77 where a filter cannot be set.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_openat2
#define SYS_openat2 437 /* on every machine */
#endif
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif
/* <linux/fs.h> of Linux 6.7: its argument has twelve 64-bit numbers. */
#define PAGEMAP_SCAN_CALL _IOWR('f', 16, unsigned long long[12])

/* The argument's low half: machines are little-endian. */
#define ARGUMENT(n) ((unsigned)(offsetof(struct seccomp_data, args) + 8 * (n)))

static int
take_away(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 8, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_preadv2, 11, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pwritev2, 10, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 2),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ARGUMENT(1)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PAGEMAP_SCAN_CALL, 4, 6),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_memfd_create, 0, 5),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ARGUMENT(1)),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, MFD_NOEXEC_SEAL, 2, 3),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOTTY),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EOPNOTSUPP),
    };
    struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return -1;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

static int
is_there(const char *what, long result, int error)
{
    if (result == -1 && errno == error)
        return 0;
    fprintf(stderr, "%s is still there\n", what);
    return 1;
}

int
main(int argc, char **argv)
{
    char how[24] = {0};

    if (argc < 2) {
        fprintf(stderr, "usage: older_kernel PROGRAM [ARGUMENT...]\n");
        return 2;
    }
    if (take_away() != 0) {
        printf("skipped: no seccomp filter here: %s\n", strerror(errno));
        return 77;
    }
    if (is_there("openat2", syscall(SYS_openat2, -1, ".", how, sizeof(how)), ENOSYS) != 0 ||
        is_there("PAGEMAP_SCAN", ioctl(-1, PAGEMAP_SCAN_CALL, NULL), ENOTTY) != 0 ||
        is_there("pwritev2", syscall(SYS_pwritev2, -1, NULL, 0L, 0L, 0L, 0L), EOPNOTSUPP) != 0 ||
        is_there("preadv2", syscall(SYS_preadv2, -1, NULL, 0L, 0L, 0L, 0L), EOPNOTSUPP) != 0 ||
        is_there("MFD_NOEXEC_SEAL", memfd_create("x", MFD_NOEXEC_SEAL), EINVAL) != 0)
        return 1;
    execvp(argv[1], argv + 1);
    fprintf(stderr, "cannot run '%s': %s\n", argv[1], strerror(errno));
    return 1;
}
