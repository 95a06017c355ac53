// What the processor needs to leave ring 0 and to come back.
#include "CI386.h"

enum { kernel_data = 0x10, user_data = 0x23, task = 0x28, segment_count = 6 };

struct task_segment {
  uint32_t link, esp0, ss0, rest[23];
};

static struct task_segment task_segment;
static char trap_stack[16384] __attribute__((aligned(16)));
static uint64_t segments[segment_count];

void enable_user_mode(void) {
  task_segment.esp0 = (uint32_t)(trap_stack + sizeof trap_stack);
  task_segment.ss0 = kernel_data;
  uint64_t base = (uint32_t)&task_segment;
  segments[1] = 0x00cf9a000000ffff;
  segments[2] = 0x00cf92000000ffff;
  segments[3] = 0x00cffa000000ffff;
  segments[4] = 0x00cff2000000ffff;
  segments[5] = (sizeof task_segment - 1) | (base & 0xffffff) << 16 | 0x89ull << 40 |
                (base >> 24) << 56;
  struct { uint16_t limit; uint32_t base; } __attribute__((packed)) table = {
      sizeof segments - 1, (uint32_t)segments};
  __asm__ volatile("lgdt %0\n\tltr %w1" ::"m"(table), "r"(task));
  // Ring 3 would find the kernel's data segments cleared.
  __asm__ volatile("mov %w0, %%ds\n\tmov %w0, %%es" ::"r"(user_data));
}
