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

// The high half's tables go away under the image for a moment, so this runs where TTBR0 maps RAM,
// and touches no memory.
PROBE translate_high
    mrs   x4, ttbr1_el1
    mrs   x5, tcr_el1
    adr   x6, 1f
    and   x6, x6, #0x0000ffffffffffff
    br    x6
1:  dsb   ish
    msr   ttbr1_el1, x1
    msr   tcr_el1, x2
    isb
    tlbi  vmalle1
    dsb   nsh
    isb
    cbz   x3, 2f
    cmp   x3, #2
    b.lo  3f
    b.eq  4f
    at    s1e0w, x0
    b     5f
2:  at    s1e1r, x0
    b     5f
3:  at    s1e1w, x0
    b     5f
4:  at    s1e0r, x0
5:  isb
    mrs   x0, par_el1
    msr   ttbr1_el1, x4
    msr   tcr_el1, x5
    isb
    tlbi  vmalle1
    dsb   nsh
    isb
    ret
