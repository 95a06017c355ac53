#define _GNU_SOURCE
#include "recorder.h"

#if defined(__linux__)

#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int recorder_open_faults(pid_t task, int processor, uint32_t wakeup, int excludes_kernel) {
  struct perf_event_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.size = sizeof attributes;
  attributes.type = PERF_TYPE_SOFTWARE;
  attributes.config = PERF_COUNT_SW_PAGE_FAULTS;
  attributes.sample_period = 1;
  attributes.sample_type =
      PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ADDR;
  attributes.disabled = 1;
  attributes.inherit = 1;
  attributes.enable_on_exec = 1;
  attributes.exclude_hv = 1;
  attributes.exclude_kernel = excludes_kernel != 0;
  attributes.sample_id_all = 1;
  attributes.comm = 1;
  attributes.comm_exec = 1;
  attributes.use_clockid = 1;
  attributes.clockid = CLOCK_MONOTONIC;
  attributes.watermark = 1;
  attributes.wakeup_watermark = wakeup;
  long descriptor =
      syscall(SYS_perf_event_open, &attributes, task, processor, -1, PERF_FLAG_FD_CLOEXEC);
  return descriptor < 0 ? -errno : (int)descriptor;
}

static size_t ring_size(uint32_t pages) {
  return ((size_t)pages + 1) * (size_t)sysconf(_SC_PAGESIZE);
}

void *recorder_map_ring(int descriptor, uint32_t pages) {
  void *ring = mmap(NULL, ring_size(pages), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  return ring == MAP_FAILED ? NULL : ring;
}

void recorder_unmap_ring(void *ring, uint32_t pages) { munmap(ring, ring_size(pages)); }

uint64_t recorder_ring_head(const void *ring) {
  const struct perf_event_mmap_page *control = ring;
  return __atomic_load_n(&control->data_head, __ATOMIC_ACQUIRE);
}

uint64_t recorder_ring_tail(const void *ring) {
  const struct perf_event_mmap_page *control = ring;
  return control->data_tail;
}

void recorder_ring_release(void *ring, uint64_t tail) {
  struct perf_event_mmap_page *control = ring;
  __atomic_store_n(&control->data_tail, tail, __ATOMIC_RELEASE);
}

#endif
