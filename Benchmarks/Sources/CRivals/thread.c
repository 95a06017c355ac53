#include "CRivals.h"

#include <dlfcn.h>
#include <linux/membarrier.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

// In the executable itself: one load from the thread's own block.
static _Thread_local long number __attribute__((tls_model("local-exec")));

int rival_thread_number(void) { return (int)number; }

void rival_set_thread_number(int value) { number = value; }

long rival_processor(void *context) { return number; }

bool rival_has_barrier(void) {
  return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
}

void rival_barrier(void *context) {
  syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
}

struct rival_heap rival_malloc(void) {
  return (struct rival_heap){.allocate = malloc, .release = free};
}

struct rival_heap rival_mimalloc(void) {
  static struct rival_heap heap;
  void *library = dlopen("libmimalloc.so.2", RTLD_NOW | RTLD_LOCAL);
  if (!library || heap.allocate) return heap;
  heap.allocate = (void *(*)(size_t))dlsym(library, "mi_malloc");
  heap.release = (void (*)(void *))dlsym(library, "mi_free");
  return heap;
}
