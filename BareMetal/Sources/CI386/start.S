// First instructions after a multiboot 1 loader: protected mode, flat segments of the loader's,
// paging off, eax = magic number, ebx = physical address of the multiboot information.
    .set DIRECT_MAP, 0xC0000000

    .section .multiboot, "a"
    .align 4
    .set FLAGS, 0x3                 // modules on page boundaries; tell about memory
    .long 0x1BADB002, FLAGS, -(0x1BADB002 + FLAGS)

    .section .text.start, "ax"
    .globl _start
_start:
    cli
    cld
    mov   %eax, %edx
    mov   $(bss_start - DIRECT_MAP), %edi
    mov   $(bss_end - DIRECT_MAP), %ecx
    sub   %edi, %ecx
    xor   %eax, %eax
    rep   stosb

    mov   $(stack_top - DIRECT_MAP), %esp
    push  %edx
    push  %edx
    mov   $(turn_paging_on - DIRECT_MAP), %eax
    call  *%eax
    pop   %edx
    mov   $upper_half, %eax
    jmp   *%eax

upper_half:
    mov   $stack_top, %esp
    lgdt  segments_register
    ljmp  $0x08, $1f
1:  mov   $0x10, %ax
    mov   %ax, %ds
    mov   %ax, %es
    mov   %ax, %fs
    mov   %ax, %gs
    mov   %ax, %ss

    push  %edx                      // kept over the call
    push  %edx
    call  load_trap_table
    pop   %edx
    mov   $stack_top, %esp
    sub   $8, %esp                  // 16-byte aligned at the call, as the psABI wants it
    push  %ebx
    push  %edx
    call  kernel_main
2:  hlt
    jmp   2b

    .section .rodata
    .align 8
segments:
    .quad 0, 0x00cf9a000000ffff, 0x00cf92000000ffff
segments_end:
segments_register:
    .word segments_end - segments - 1
    .long segments

    .globl KernelI386_main          // the package manager links with main=<Target>_main
    .set KernelI386_main, _start
    .globl TablesI386_main
    .set TablesI386_main, _start
