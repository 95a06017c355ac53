#include "CI386.h"

enum { vectors = 32, code_segment = 0x08, present_interrupt_gate = 0x8e00 };

extern const uint32_t trap_vectors[vectors];

static uint64_t gates[vectors];

static void mask_interrupt_controllers(void) {
  write_port8(0x21, 0xff);
  write_port8(0xa1, 0xff);
}

// Also masks the interrupt controllers: their lines would arrive as vectors 8 to 15.
void load_trap_table(void) {
  mask_interrupt_controllers();
  for (int i = 0; i < vectors; i++) {
    uint64_t address = trap_vectors[i];
    gates[i] = (address & 0xffff) | (uint64_t)code_segment << 16 |
               (uint64_t)present_interrupt_gate << 32 | (address >> 16) << 48;
  }
  struct { uint16_t limit; uint32_t base; } __attribute__((packed)) table = {
      sizeof gates - 1, (uint32_t)gates};
  __asm__ volatile("lidt %0" ::"m"(table));
}
