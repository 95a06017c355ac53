// A thread that is not the leader executes this program again, which exits with 6.
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

static void *replace(void *path) {
  execl(path, path, "again", NULL);
  _exit(99);
}

int main(int count, char **arguments) {
  if (count > 1) {
    mmap(NULL, 0x66000, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    _exit(6);
  }
  pthread_t thread;
  pthread_create(&thread, NULL, replace, arguments[0]);
  pause();
  _exit(98);
}
