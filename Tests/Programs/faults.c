// Maps 300 pages, writes the first 100, reads the next 100.
#define _GNU_SOURCE
#include <stddef.h>
#include <sys/mman.h>

int main(void) {
  volatile char *a = mmap(NULL, 300 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (int i = 0; i < 100; i++)
    a[i * 4096] = 1;
  int sum = 0;
  for (int i = 100; i < 200; i++)
    sum += a[i * 4096];
  return sum;
}
