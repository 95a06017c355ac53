#include "CRivals.h"

#include <stdlib.h>

// The entry after the last is always free: it ends every chain.
bool rival_tlb_init(struct rival_tlb *tlb, unsigned sets, unsigned ways, unsigned page_shift) {
  unsigned count = sets * ways, buckets = 16;
  while (buckets < count * 8) buckets *= 2;
  *tlb = (struct rival_tlb){
      .set_mask = sets - 1, .ways = ways, .page_shift = page_shift, .bucket_mask = buckets - 1};
  tlb->entries = calloc(count + 1, sizeof *tlb->entries);
  tlb->buckets = malloc(buckets * sizeof *tlb->buckets);
  if (!tlb->entries || !tlb->buckets) return false;
  for (unsigned i = 0; i < buckets; i++) tlb->buckets[i] = (uint16_t)count;
  return true;
}

void rival_tlb_destroy(struct rival_tlb *tlb) {
  free(tlb->entries);
  free(tlb->buckets);
}

// The low bits of a tag say the size: a free entry has 0 there.
static uint64_t tag_of(const struct rival_tlb *tlb, uint64_t address) {
  return (address >> tlb->page_shift << tlb->page_shift) | tlb->page_shift;
}

static uint64_t bucket_of(const struct rival_tlb *tlb, uint64_t address) {
  return (address >> tlb->page_shift) & tlb->bucket_mask;
}

uint64_t rival_tlb_translate(
    struct rival_tlb *tlb, uint64_t address, uint16_t asid, uint64_t permission) {
  tlb->lookups++;
  uint64_t tag = tag_of(tlb, address);
  struct rival_tlb_entry *entry = &tlb->entries[tlb->buckets[bucket_of(tlb, address)]];
  for (; entry->tag; entry = &tlb->entries[entry->next]) {
    if (entry->tag != tag || ((entry->asid ^ asid) & entry->asid_mask)) continue;
    if (!(entry->frame & permission)) break;
    entry->last_use = tlb->lookups;
    uint64_t offset = (UINT64_C(1) << tlb->page_shift) - 1;
    return (entry->frame & ~offset) | (address & offset);
  }
  tlb->misses++;
  return UINT64_MAX;
}

static void unlink_entry(struct rival_tlb *tlb, uint16_t index) {
  uint16_t *link = &tlb->buckets[bucket_of(tlb, tlb->entries[index].tag)];
  while (*link != index) link = &tlb->entries[*link].next;
  *link = tlb->entries[index].next;
}

void rival_tlb_fill(
    struct rival_tlb *tlb, uint64_t address, uint16_t asid, uint64_t frame, uint64_t permissions) {
  uint64_t first = ((address >> tlb->page_shift) & tlb->set_mask) * tlb->ways, victim = first;
  for (uint64_t way = first + 1; way < first + tlb->ways; way++)
    if (tlb->entries[way].last_use < tlb->entries[victim].last_use) victim = way;
  if (tlb->entries[victim].tag) unlink_entry(tlb, (uint16_t)victim);
  uint16_t *head = &tlb->buckets[bucket_of(tlb, address)];
  tlb->entries[victim] = (struct rival_tlb_entry){
      .tag = tag_of(tlb, address), .asid = asid, .asid_mask = UINT16_MAX, .next = *head,
      .frame = frame << tlb->page_shift | permissions, .last_use = ++tlb->lookups};
  *head = (uint16_t)victim;
}
