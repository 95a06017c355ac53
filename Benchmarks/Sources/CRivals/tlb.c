#include "CRivals.h"

#include <stdlib.h>

bool rival_tlb_init(struct rival_tlb *tlb, unsigned sets, unsigned ways, unsigned page_shift) {
  *tlb = (struct rival_tlb){.set_mask = sets - 1, .ways = ways, .page_shift = page_shift};
  tlb->entries = calloc((size_t)sets * ways, sizeof *tlb->entries);
  return tlb->entries != NULL;
}

void rival_tlb_destroy(struct rival_tlb *tlb) { free(tlb->entries); }

static struct rival_tlb_entry *set_of(struct rival_tlb *tlb, uint64_t address) {
  return tlb->entries + ((address >> tlb->page_shift) & tlb->set_mask) * tlb->ways;
}

// Bit 0 says "valid", so that a zeroed buffer holds nothing.
static uint64_t tag_of(const struct rival_tlb *tlb, uint64_t address) {
  return (address >> tlb->page_shift << tlb->page_shift) | 1;
}

uint64_t rival_tlb_translate(
    struct rival_tlb *tlb, uint64_t address, uint16_t asid, uint64_t permission) {
  tlb->lookups++;
  uint64_t tag = tag_of(tlb, address);
  struct rival_tlb_entry *entry = set_of(tlb, address), *end = entry + tlb->ways;
  for (; entry < end; entry++) {
    if (entry->tag != tag || ((entry->asid ^ asid) & entry->asid_mask)) continue;
    if (!(entry->frame & permission)) break;
    entry->last_use = tlb->lookups;
    uint64_t offset = (UINT64_C(1) << tlb->page_shift) - 1;
    return (entry->frame & ~offset) | (address & offset);
  }
  tlb->misses++;
  return UINT64_MAX;
}

void rival_tlb_fill(
    struct rival_tlb *tlb, uint64_t address, uint16_t asid, uint64_t frame, uint64_t permissions) {
  struct rival_tlb_entry *first = set_of(tlb, address), *victim = first;
  for (uint64_t way = 1; way < tlb->ways; way++)
    if (first[way].last_use < victim->last_use) victim = &first[way];
  *victim = (struct rival_tlb_entry){
      .tag = tag_of(tlb, address), .asid = asid, .asid_mask = UINT16_MAX,
      .frame = frame << tlb->page_shift | permissions, .last_use = ++tlb->lookups};
}
