/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system calls that a compiler has no use for, refused with EPERM
 * (Linux: Documentation/userspace-api/seccomp_filter.rst).
 *
 * It is a list of what is refused, not of what is allowed: compilers differ.
 * It takes away the network, other processes and the rest of the kernel's
 * large surfaces; files are Landlock's part.
 */
#include "aot/confine.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define OWN_ARCH AUDIT_ARCH_X86_64
/* Numbers of the x32 ABI have this bit; nothing here uses it. */
#define FOREIGN_BIT 0x40000000u
#elif defined(__aarch64__)
#define OWN_ARCH    AUDIT_ARCH_AARCH64
#define FOREIGN_BIT 0x80000000u
#endif

#define LOAD(field)                                                                                \
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offsetof(struct seccomp_data, field))
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, value)
#define REFUSAL       (SECCOMP_RET_ERRNO | EPERM)

/* Two statements, so that the list can grow: a jump reaches only 255 of them. */
#define REFUSE(name) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), RETURN(REFUSAL)

#if defined(OWN_ARCH)
static const struct sock_filter filter[] = {
    LOAD(arch),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OWN_ARCH, 1, 0),
    RETURN(REFUSAL),
    LOAD(nr),
    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, FOREIGN_BIT, 0, 1),
    RETURN(REFUSAL),
    /* network */
    REFUSE(socket),
    REFUSE(connect),
    REFUSE(bind),
    REFUSE(listen),
    REFUSE(sendto),
    REFUSE(sendmsg),
    /* other processes, and leaving the process group */
    REFUSE(ptrace),
    REFUSE(process_vm_readv),
    REFUSE(process_vm_writev),
    REFUSE(pidfd_open),
    REFUSE(setpgid),
    REFUSE(setsid),
    REFUSE(setns),
    REFUSE(unshare),
    REFUSE(shmget),
    REFUSE(msgget),
    REFUSE(semget),
    /* file systems and devices */
    REFUSE(mount),
    REFUSE(umount2),
    REFUSE(pivot_root),
    REFUSE(chroot),
    REFUSE(mknodat),
    REFUSE(open_by_handle_at),
    REFUSE(fanotify_init),
    /* large surfaces of the kernel */
    REFUSE(bpf),
    REFUSE(perf_event_open),
    REFUSE(io_uring_setup),
    REFUSE(userfaultfd),
    REFUSE(keyctl),
    REFUSE(add_key),
    REFUSE(request_key),
    REFUSE(kexec_load),
    REFUSE(init_module),
    REFUSE(finit_module),
    REFUSE(reboot),
    REFUSE(swapon),
    REFUSE(acct),
    RETURN(SECCOMP_RET_ALLOW),
};
#endif

bool
krait__confine_can_filter(void)
{
#if defined(OWN_ARCH)
    /* NULL is a bad address where filters exist, else the mode is unknown. */
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0, 0) != 0 && errno == EFAULT;
#else
    return false;
#endif
}

int
krait__confine_filter(void)
{
#if defined(OWN_ARCH)
    struct sock_fprog program = {.len = sizeof(filter) / sizeof(filter[0])};

    /* The kernel only reads it. */
    program.filter = (struct sock_filter *)(uintptr_t)filter;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0 ? errno : 0;
#else
    return ENOSYS;
#endif
}
