// Accesses that may trap; `trap_handler` resumes at `probe_end` or `probe_user_end`. A fetch always
// traps: at once, or at the instruction that it finds.
    .set USER_CODE, 0x1b
    .set USER_DATA, 0x23

    .text
    .globl probe_load, probe_store, probe_fetch, probe_user, probe_end, probe_user_end
probe_load:
    mov   4(%esp), %eax
    mov   (%eax), %eax
    ret

probe_store:
    mov   4(%esp), %eax
    mov   8(%esp), %ecx
    mov   %ecx, (%eax)
    ret

probe_fetch:
    mov   4(%esp), %eax
    jmp   *%eax

probe_end:                          // the stack is as it was at the instruction that trapped
    ret

probe_user:
    mov   4(%esp), %edx
    mov   8(%esp), %eax
    mov   12(%esp), %ecx
    push  %ebp
    push  %ebx
    push  %esi
    push  %edi
    mov   %esp, probe_stack
    push  $USER_DATA
    push  $0                        // it never uses its stack
    push  $2                        // flags: interrupts off
    push  $USER_CODE
    push  %edx
    iret

probe_user_end:                     // on the stack for traps
    mov   probe_stack, %esp
    pop   %edi
    pop   %esi
    pop   %ebx
    pop   %ebp
    ret

    .balign 4096
    .globl user_probes, user_probe_load, user_probe_store
user_probes:
user_probe_load:
    mov   (%eax), %eax
    ud2
user_probe_store:
    mov   %ecx, (%eax)
    ud2
    .balign 4096

    .bss
    .balign 4
probe_stack:
    .long 0
