#include "CRivals.h"

static uint64_t tag_of(uint64_t address, uint16_t asid) {
  // Bit 0 says "valid", so that a zeroed buffer holds nothing.
  return (address >> 12 << 17) | ((uint64_t)asid << 1) | 1;
}

uint64_t rival_tlb_translate(
    const struct rival_tlb *tlb, uint64_t address, uint16_t asid, uint64_t needed) {
  uint64_t set = (address >> 12) % rival_tlb_sets;
  uint64_t tag = tag_of(address, asid);
  for (int way = 0; way < rival_tlb_ways; way++) {
    if (tlb->tags[set][way] != tag) continue;
    uint64_t entry = tlb->entries[set][way];
    if ((entry & needed) != needed) return UINT64_MAX;
    return (entry & ~UINT64_C(4095)) | (address & 4095);
  }
  return UINT64_MAX;
}

void rival_tlb_fill(
    struct rival_tlb *tlb, uint64_t address, uint16_t asid, uint64_t frame, uint64_t rights) {
  uint64_t set = (address >> 12) % rival_tlb_sets;
  for (int way = rival_tlb_ways - 1; way > 0; way--) {
    tlb->tags[set][way] = tlb->tags[set][way - 1];
    tlb->entries[set][way] = tlb->entries[set][way - 1];
  }
  tlb->tags[set][0] = tag_of(address, asid);
  tlb->entries[set][0] = frame << 12 | rights;
}
