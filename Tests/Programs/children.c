// One child by fork, one by vfork and exec of this program. Exit statuses 3 and 4, itself 5.
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void map(unsigned long length) {
  mmap(NULL, length, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

int main(int count, char **arguments) {
  if (count > 1) {
    map(0x44000);
    _exit(4);
  }
  int status = 0;
  if (fork() == 0) {
    map(0x33000);
    _exit(3);
  }
  wait(&status);
  if (WEXITSTATUS(status) != 3)
    _exit(99);
  if (vfork() == 0) {
    execl(arguments[0], arguments[0], "again", NULL);
    _exit(98);
  }
  wait(&status);
  if (WEXITSTATUS(status) != 4)
    _exit(97);
  map(0x55000);
  _exit(5);
}
