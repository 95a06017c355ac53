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

static uint64_t pae_directory[512] __attribute__((aligned(4096)));

// Goes over to tables of 8-byte entries that map the upper gigabyte as before. CR3 stays: its page
// then starts with the four entries of the new root, in place of entries for addresses that nobody
// uses any more, while the entries of the old root for the upper gigabyte stand behind them. So
// both readings of the page map this code. Intel SDM volume 3A, 5.4.1: MOV to CR4 loads the four.
void turn_pae_on(void) {
  enum { present = 1, large_page_shift_pae = 21, pae = 1 << 5 };
  uint64_t *root = (uint64_t *)boot_directory;
  for (uint64_t i = 0; i < 2 * direct_map_entries; i++)
    pae_directory[i] = i << large_page_shift_pae | present_writable_large;
  for (int i = 0; i < 3; i++) root[i] = 0;
  root[3] = ((uint32_t)pae_directory - direct_map_start) | present;
  write_cr4(read_cr4() | pae);
  write_cr3(read_cr3());
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
