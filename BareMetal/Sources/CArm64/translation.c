// Run with translation off, hence position-independent C and not Swift, whose unoptimised code
// uses absolute addresses. One root serves both halves, so that the first gigabytes stand at their
// physical addresses (for the next instruction) and in the direct map. Code is read-only, for the
// image must go on when SCTLR_EL1.WXN forbids to execute what may be written.
#include "CArm64.h"

enum {
  valid = 1,
  table = 2,
  read_only = 1 << 7,
  accessed = 1 << 10,
  inner_shareable = 3 << 8,
  index_normal = 0 << 2,
  index_device = 4 << 2,
};

// The memory types that descriptors name by index, in Linux's order: normal write-back at 0, normal
// non-cacheable at 2, devices without and with early acknowledgement at 3 and 4.
static const uint64_t memory_types = 0xffull | 0x44ull << 16 | 0x00ull << 24 | 0x04ull << 32;

static const uint64_t execute_never = 3ull << 53;

uint64_t boot_root[512] __attribute__((aligned(4096)));
static uint64_t gigabytes[512] __attribute__((aligned(4096)));
static uint64_t megabytes[512] __attribute__((aligned(4096)));  // two each, of RAM's first gigabyte
static uint64_t pages[512] __attribute__((aligned(4096)));      // of the two that hold the code

// What the processor must do before Swift runs: caches and alignment checks as Linux has them, and
// no trap on what user programs may use (DZE, UCT, UCI); PAN off (SPAN), since the kernel touches
// user addresses.
enum {
  translate = 1 << 0,
  data_cache = 1 << 2,
  instruction_cache = 1 << 12,
  zero_by_line = 1 << 14,
  cache_type = 1 << 15,
  span = 1 << 23,
  cache_by_line = 1 << 26,
};
static const uint64_t always_one = 1 << 11 | 1 << 20 | 1 << 22 | 1 << 28 | 1 << 29;

// Fills the tables of RAM. The addresses are physical ones here.
static void map_memory(void) {
  uint64_t normal = accessed | inner_shareable | index_normal | valid;
  uint64_t memory = 1ull << 30, code = (uint64_t)image_start & ~0x1fffffull;
  for (uint64_t index = 0; index < 512; index++) {
    uint64_t page = code + (index << 12);
    int is_code = page >= (uint64_t)image_start && page < (uint64_t)read_only_end;
    megabytes[index] = (memory + (index << 21)) | normal;
    pages[index] = page | normal | table | (is_code ? read_only : 0);
  }
  megabytes[(code - memory) >> 21] = (uint64_t)pages | table | valid;
}

void turn_translation_on(void) {
  map_memory();
  gigabytes[0] = execute_never | accessed | index_device | valid;
  gigabytes[1] = (uint64_t)megabytes | table | valid;
  boot_root[0] = (uint64_t)gigabytes | table | valid;

  write_mair_el1(memory_types);
  uint64_t half = (64 - 48) | 1 << 8 | 1 << 10 | 3 << 12;  // write-back walks, inner shareable
  uint64_t granule_4k_in_upper = 2ull << 30;
  uint64_t physical_bits_48 = 5ull << 32;
  uint64_t asid_16_bits = 1ull << 36;
  write_tcr_el1(half | half << 16 | granule_4k_in_upper | physical_bits_48 | asid_16_bits);
  write_ttbr0_el1((uint64_t)boot_root);
  write_ttbr1_el1((uint64_t)boot_root);
  invalidate_all();
  write_sctlr_el1(always_one | translate | data_cache | instruction_cache | zero_by_line |
                  cache_type | span | cache_by_line);
  synchronize_context();
}
