// Maps its first argument twice: before and after it grew. The second argument is not opened.
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int count, char **arguments) {
  (void)count;
  int file = open(arguments[1], O_RDWR);
  mmap(NULL, 0x1000, PROT_READ, MAP_SHARED, file, 0);
  ftruncate(file, 0x5000);
  mmap(NULL, 0x5000, PROT_READ, MAP_PRIVATE, file, 0);
  close(file);
  file = open(arguments[1], O_RDONLY);
  mmap(NULL, 0x2000, PROT_READ, MAP_PRIVATE, file, 0x1000);
  int memory = memfd_create("sheet", 0);
  ftruncate(memory, 0x3000);
  mmap(NULL, 0x3000, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
  mmap(NULL, 0x6000, PROT_READ, MAP_PRIVATE, 99, 0);
  return 0;
}
