// Accesses that may trap. Each is a function without a stack whose trap the handler ends by
// returning to x30 at EL1. A fetch always traps: at once, or at the instruction that it finds.

    .macro PROBE name
    .globl \name
    .balign 16
\name:
    .endm

    .text
PROBE probe_load
    ldr   w0, [x0]
    ret

PROBE probe_store
    str   w1, [x0]
    ret

PROBE probe_user_load
    ldtr  w0, [x0]
    ret

PROBE probe_user_store
    sttr  w1, [x0]
    ret

PROBE probe_fetch
    br    x0

PROBE probe_user_fetch
    msr   elr_el1, x0
    mov   x1, #0x3c0                // EL0, interrupts masked
    msr   spsr_el1, x1
    eret
