// The sixteen vectors store the registers as `struct trap_frame` and call
// trap_handler(frame, kind), with the vector's number as the kind; a return resumes.

    .macro STORE_REGISTERS
    sub   sp, sp, #272
    stp   x0, x1, [sp, #0]
    stp   x2, x3, [sp, #16]
    stp   x4, x5, [sp, #32]
    stp   x6, x7, [sp, #48]
    stp   x8, x9, [sp, #64]
    stp   x10, x11, [sp, #80]
    stp   x12, x13, [sp, #96]
    stp   x14, x15, [sp, #112]
    stp   x16, x17, [sp, #128]
    stp   x18, x19, [sp, #144]
    stp   x20, x21, [sp, #160]
    stp   x22, x23, [sp, #176]
    stp   x24, x25, [sp, #192]
    stp   x26, x27, [sp, #208]
    stp   x28, x29, [sp, #224]
    mrs   x0, sp_el0
    mrs   x1, elr_el1
    mrs   x2, spsr_el1
    stp   x30, x0, [sp, #240]
    stp   x1, x2, [sp, #256]
    .endm

    .macro VECTOR kind
    .balign 128
    STORE_REGISTERS
    mov   x0, sp
    mov   x1, #\kind
    bl    trap_handler
    b     restore
    .endm

    .section .text.vectors, "ax"
    .balign 2048
    .globl vectors
vectors:
    .irp  kind, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    VECTOR \kind
    .endr

restore:
    ldp   x1, x2, [sp, #256]
    ldp   x30, x0, [sp, #240]
    msr   sp_el0, x0
    msr   elr_el1, x1
    msr   spsr_el1, x2
    ldp   x0, x1, [sp, #0]
    ldp   x2, x3, [sp, #16]
    ldp   x4, x5, [sp, #32]
    ldp   x6, x7, [sp, #48]
    ldp   x8, x9, [sp, #64]
    ldp   x10, x11, [sp, #80]
    ldp   x12, x13, [sp, #96]
    ldp   x14, x15, [sp, #112]
    ldp   x16, x17, [sp, #128]
    ldp   x18, x19, [sp, #144]
    ldp   x20, x21, [sp, #160]
    ldp   x22, x23, [sp, #176]
    ldp   x24, x25, [sp, #192]
    ldp   x26, x27, [sp, #208]
    ldp   x28, x29, [sp, #224]
    add   sp, sp, #272
    eret
