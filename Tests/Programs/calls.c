// Memory calls in a known order, told apart by their lengths. Exits with 7.
#define _GNU_SOURCE
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
  char *a = mmap(NULL, 0x111000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mprotect(a + 0x1000, 0x22000, PROT_READ);
  madvise(a, 0x33000, MADV_DONTNEED);
  char *b = mremap(a, 0x111000, 0x444000, MREMAP_MAYMOVE);
  munmap(b, 0x444000);
  mmap((void *)0x1001, 0x55000, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  long now = syscall(SYS_brk, 0);
  syscall(SYS_brk, now + 0x66000);
  mincore(a, 0x1000, (unsigned char *)&now);
  _exit(7);
}
