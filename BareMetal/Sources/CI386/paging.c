// Run with paging off at physical addresses, hence C that subtracts where data is concerned, and
// not Swift, whose code uses absolute addresses freely.
#include "CI386.h"

enum {
  present_writable_large = 1 | 2 | 1 << 7,
  large_page_shift = 22,
  direct_map_entry = 768,
  direct_map_entries = 224,  // 896 MiB, as far as Linux maps RAM directly with a 3:1 split
};

static const uint32_t direct_map_start = 0xC0000000;

uint32_t boot_directory[1024] __attribute__((aligned(4096)));

static void load_directory(uint32_t physical) {
  enum { large_pages = 1 << 4 };
  enum { write_protect = 1 << 16 };
  static const uint32_t paging = 1u << 31;
  write_cr4(read_cr4() | large_pages);
  write_cr3(physical);
  write_cr0(read_cr0() | paging | write_protect);
}

// Maps the first 4 MiB where they are (for the next instruction) and RAM in the direct map.
void turn_paging_on(void) {
  uint32_t physical = (uint32_t)boot_directory - direct_map_start;
  volatile uint32_t *directory = (volatile uint32_t *)physical;
  directory[0] = present_writable_large;
  for (uint32_t i = 0; i < direct_map_entries; i++)
    directory[direct_map_entry + i] = i << large_page_shift | present_writable_large;
  load_directory(physical);
}
