// Plain C that does the work of Octavo's core, written the usual way, to measure against.
#ifndef CRIVALS_H
#define CRIVALS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { rival_orders = 11 };

/// A descriptor of one frame, as large as the kernel's; free blocks are chained through their
/// first frame's.
struct rival_frame {
  uint32_t next, previous;
  uint8_t order;
  bool is_free;
  uint32_t references;
  uint8_t rest[48];
};

/// A binary buddy allocator over the frames 0 ..< count, with a lock as a zone has.
struct rival_buddy {
  struct rival_frame *frames;
  uint32_t count;
  uint32_t heads[rival_orders];
  atomic_flag lock;
};

bool rival_buddy_init(struct rival_buddy *buddy, uint32_t count);
void rival_buddy_destroy(struct rival_buddy *buddy);
/// The first frame of a block of 2^order frames, or UINT32_MAX.
uint32_t rival_buddy_allocate(struct rival_buddy *buddy, unsigned order);
void rival_buddy_free(struct rival_buddy *buddy, uint32_t frame, unsigned order);

struct rival_tlb_entry {
  uint64_t tag, frame, last_use;
  uint16_t asid, asid_mask, next;
};

/// A set-associative look-aside buffer, tagged by address space, least recently used goes first;
/// entries are found by chains of equal hash, as in Octavo's.
struct rival_tlb {
  struct rival_tlb_entry *entries;
  uint16_t *buckets;
  uint64_t set_mask, ways, bucket_mask;
  unsigned page_shift;
  uint64_t lookups, misses;
};

bool rival_tlb_init(struct rival_tlb *tlb, unsigned sets, unsigned ways, unsigned page_shift);
void rival_tlb_destroy(struct rival_tlb *tlb);
/// The physical address, or UINT64_MAX on a miss or where the permission is lacking.
uint64_t rival_tlb_translate(
    struct rival_tlb *tlb, uint64_t address, uint16_t asid, uint64_t permission);
void rival_tlb_fill(
    struct rival_tlb *tlb, uint64_t address, uint16_t asid, uint64_t frame, uint64_t permissions);

/// x86-64 page tables with four levels in the frames of one piece of memory, the first of which is
/// the root; frame n has the physical address start + n * 4096.
struct rival_tables {
  uint8_t *memory;
  uint64_t start, size;
  uint64_t next_frame;
};

/// Maps `count` pages from `address` on to the frames from `frame` on, with the leaf bits `bits`.
/// Takes tables from `next_frame` on, zeroed; false when there are too few.
bool rival_tables_map(
    struct rival_tables *tables, uint64_t address, uint64_t count, uint64_t frame, uint64_t bits);
/// The physical address behind `address`, or UINT64_MAX.
uint64_t rival_tables_walk(const struct rival_tables *tables, uint64_t root, uint64_t address);

#endif
