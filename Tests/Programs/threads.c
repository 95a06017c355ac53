// Four threads map and unmap 250 regions each; every address must be recorded as it was given.
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/mman.h>

static void *work(void *argument) {
  (void)argument;
  for (int i = 0; i < 250; i++) {
    char *a = mmap(NULL, 0x7000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    a[i] = 1;
    munmap(a, 0x7000);
  }
  return NULL;
}

int main(void) {
  pthread_t threads[4];
  for (int i = 0; i < 4; i++)
    pthread_create(&threads[i], NULL, work, NULL);
  for (int i = 0; i < 4; i++)
    pthread_join(threads[i], NULL);
  return 0;
}
