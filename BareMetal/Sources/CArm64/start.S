// First instructions: one processor, EL1, translation off, x0 = physical address of the device
// tree, or 0 when an ELF file was loaded (QEMU then leaves the tree at the start of RAM).

    .section .text.start, "ax"
    .globl _start
_start:
    mov   x20, x0
    mrs   x1, mpidr_el1
    and   x1, x1, #0xff
    cbnz  x1, park
    msr   daifset, #15

    adrp  x1, bss_start
    add   x1, x1, :lo12:bss_start
    adrp  x2, bss_end
    add   x2, x2, :lo12:bss_end
1:  cmp   x1, x2
    b.hs  2f
    stp   xzr, xzr, [x1], #16
    b     1b

2:  msr   spsel, #1
    adrp  x1, stack_top
    add   sp, x1, :lo12:stack_top
    mov   x29, xzr
    mov   x30, xzr
    bl    turn_translation_on

    ldr   x1, =stack_top            // the literals hold addresses in the direct map
    mov   sp, x1
    ldr   x1, =vectors
    msr   vbar_el1, x1
    isb
    mov   x0, x20
    ldr   x2, =kernel_main
    blr   x2
park:
    wfe
    b     park

    .globl KernelArm64_main         // the package manager links with main=<Target>_main
    .set KernelArm64_main, _start
    .globl TablesArm64_main
    .set TablesArm64_main, _start
