// The 32 exception vectors store the registers as `struct trap_frame` and call
// trap_handler(frame); a return resumes.

    .macro VECTOR number
vector_\number:
    .if (\number == 8) || (\number >= 10 && \number <= 14) || (\number == 17) || (\number == 21)
    .else
    push  $0                        // the processor pushed no error code
    .endif
    push  $\number
    jmp   store_registers
    .endm

    .text
    .irp  number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    VECTOR \number
    .endr
    .irp  number, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    VECTOR \number
    .endr

store_registers:
    pusha
    cld
    mov   %esp, %esi
    sub   $16, %esp
    and   $-16, %esp
    mov   %esi, (%esp)
    call  trap_handler
    mov   %esi, %esp
    popa
    add   $8, %esp                  // vector and error code
    iret

    .section .rodata
    .align 4
    .globl trap_vectors
trap_vectors:
    .irp  number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    .long vector_\number
    .endr
    .irp  number, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    .long vector_\number
    .endr
