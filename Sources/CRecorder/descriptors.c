#define _GNU_SOURCE
#include "recorder.h"

#if defined(__linux__)

#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/vfs.h>
#include <unistd.h>

int recorder_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC) == 0 ? 0 : -errno; }

int64_t recorder_file_system(const char *path) {
  struct statfs status;
  return statfs(path, &status) == 0 ? (int64_t)status.f_type : -errno;
}

int recorder_wakeup(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

void recorder_wake(int wakeup) { eventfd_write(wakeup, 1); }

void recorder_clear(int wakeup) {
  eventfd_t count;
  eventfd_read(wakeup, &count);
}

#endif
