/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stack switch for aarch64, AAPCS64; see switch_x86_64.S.
 */
#if defined(__aarch64__)
        .text

/* int krait__stack_enter(void **save, void *top, void (*fn)(void *), void *arg) */
        .globl  krait__stack_enter
        .hidden krait__stack_enter
        .type   krait__stack_enter, %function
        .p2align 4
krait__stack_enter:
        .cfi_startproc
        sub     sp, sp, #176
        stp     x19, x20, [sp, #0]
        stp     x21, x22, [sp, #16]
        stp     x23, x24, [sp, #32]
        stp     x25, x26, [sp, #48]
        stp     x27, x28, [sp, #64]
        stp     x29, x30, [sp, #80]
        stp     d8, d9, [sp, #96]
        stp     d10, d11, [sp, #112]
        stp     d12, d13, [sp, #128]
        stp     d14, d15, [sp, #144]
        mrs     x9, fpcr
        str     x9, [sp, #160]
        mov     x9, sp
        str     x9, [x0]
        mov     x19, x0
        mov     sp, x1
        .cfi_def_cfa sp, 0
        .cfi_undefined x30
        mov     x29, xzr
        mov     x0, x3
        blr     x2
        ldr     x9, [x19]
        mov     sp, x9
        mov     w0, wzr
.Lleave:
        ldr     x9, [sp, #160]
        msr     fpcr, x9
        ldp     d14, d15, [sp, #144]
        ldp     d12, d13, [sp, #128]
        ldp     d10, d11, [sp, #112]
        ldp     d8, d9, [sp, #96]
        ldp     x29, x30, [sp, #80]
        ldp     x27, x28, [sp, #64]
        ldp     x25, x26, [sp, #48]
        ldp     x23, x24, [sp, #32]
        ldp     x21, x22, [sp, #16]
        ldp     x19, x20, [sp, #0]
        add     sp, sp, #176
        ret
        .cfi_endproc
        .size   krait__stack_enter, .-krait__stack_enter

/* void krait__stack_unwind(void **save, int value) */
        .globl  krait__stack_unwind
        .hidden krait__stack_unwind
        .type   krait__stack_unwind, %function
        .p2align 4
krait__stack_unwind:
        .cfi_startproc
        ldr     x9, [x0]
        mov     sp, x9
        .cfi_undefined x30
        mov     w0, w1
        b       .Lleave
        .cfi_endproc
        .size   krait__stack_unwind, .-krait__stack_unwind

        .section .note.GNU-stack, "", %progbits
#endif
