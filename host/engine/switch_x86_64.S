/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stack switch for x86-64, System V ABI.  Saves what a callee must preserve on
 * the host's stack, runs the guest on its own, and comes back either by
 * returning or by krait__stack_unwind.  The return address is marked undefined
 * for unwinders, so that guest backtraces end here.
 */
#if defined(__x86_64__)
        .text

/* int krait__stack_enter(void **save, void *top, void (*fn)(void *), void *arg) */
        .globl  krait__stack_enter
        .hidden krait__stack_enter
        .type   krait__stack_enter, @function
        .p2align 4
krait__stack_enter:
        .cfi_startproc
        pushq   %rbp
        pushq   %rbx
        pushq   %r12
        pushq   %r13
        pushq   %r14
        pushq   %r15
        subq    $8, %rsp
        stmxcsr (%rsp)
        fnstcw  4(%rsp)
        movq    %rsp, (%rdi)
        movq    %rdi, %rbx
        movq    %rsi, %rsp
        .cfi_def_cfa %rsp, 0
        .cfi_undefined %rip
        xorl    %ebp, %ebp
        movq    %rcx, %rdi
        callq   *%rdx
        movq    (%rbx), %rsp
        xorl    %eax, %eax
.Lleave:
        ldmxcsr (%rsp)
        fldcw   4(%rsp)
        addq    $8, %rsp
        popq    %r15
        popq    %r14
        popq    %r13
        popq    %r12
        popq    %rbx
        popq    %rbp
        cld
        retq
        .cfi_endproc
        .size   krait__stack_enter, .-krait__stack_enter

/* void krait__stack_unwind(void **save, int value) */
        .globl  krait__stack_unwind
        .hidden krait__stack_unwind
        .type   krait__stack_unwind, @function
        .p2align 4
krait__stack_unwind:
        .cfi_startproc
        movq    (%rdi), %rsp
        .cfi_undefined %rip
        movl    %esi, %eax
        jmp     .Lleave
        .cfi_endproc
        .size   krait__stack_unwind, .-krait__stack_unwind

        .section .note.GNU-stack, "", @progbits
#endif
