#include "CRivals.h"

#include <string.h>

static const uint64_t present = 1, large = 1 << 7, address_bits = 0x000FFFFFFFFFF000;

static uint64_t *table_at(const struct rival_tables *tables, uint64_t physical) {
  return (uint64_t *)(tables->memory + (physical - tables->start));
}

/// The table below `entry`, made if it is missing; NULL when there is no frame.
static uint64_t *table_below(struct rival_tables *tables, uint64_t *entry) {
  if (!(*entry & present)) {
    uint64_t offset = tables->next_frame * 4096;
    if (offset >= tables->size) return NULL;
    tables->next_frame++;
    memset(tables->memory + offset, 0, 4096);
    *entry = (tables->start + offset) | 0x67;
  }
  return table_at(tables, *entry & address_bits);
}

bool rival_tables_map(
    struct rival_tables *tables, uint64_t address, uint64_t count, uint64_t frame, uint64_t bits) {
  uint64_t end = address + (count << 12);
  while (address < end) {
    uint64_t *table = (uint64_t *)tables->memory;
    for (int shift = 39; shift > 12; shift -= 9) {
      table = table_below(tables, &table[address >> shift & 511]);
      if (!table) return false;
    }
    for (uint64_t index = address >> 12 & 511; index < 512 && address < end; index++) {
      table[index] = frame++ << 12 | bits;
      address += 4096;
    }
  }
  return true;
}

uint64_t rival_tables_walk(const struct rival_tables *tables, uint64_t root, uint64_t address) {
  int64_t upper = (int64_t)address >> 47;
  if (upper != 0 && upper != -1) return UINT64_MAX;
  uint64_t table = root;
  for (int shift = 39;; shift -= 9) {
    if (table - tables->start >= tables->size) return UINT64_MAX;
    uint64_t entry = table_at(tables, table)[address >> shift & 511];
    if (!(entry & present)) return UINT64_MAX;
    if (shift == 12 || (entry & large)) {
      uint64_t offset = (UINT64_C(1) << shift) - 1;
      return (entry & address_bits & ~offset) | (address & offset);
    }
    table = entry & address_bits;
  }
}
