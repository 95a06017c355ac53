#define _GNU_SOURCE
#include "CRivals.h"

#include <sys/syscall.h>
#include <unistd.h>

long rival_mmap(unsigned long address, unsigned long length, long protection, long flags) {
  return syscall(SYS_mmap, address, length, protection, flags, -1L, 0L);
}

long rival_munmap(unsigned long address, unsigned long length) {
  return syscall(SYS_munmap, address, length);
}

long rival_mprotect(unsigned long address, unsigned long length, long protection) {
  return syscall(SYS_mprotect, address, length, protection);
}

long rival_mremap(
    unsigned long address, unsigned long old_length, unsigned long new_length, long flags) {
  return syscall(SYS_mremap, address, old_length, new_length, flags, 0L);
}

long rival_brk(unsigned long address) { return syscall(SYS_brk, address); }
