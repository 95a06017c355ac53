// Plain C that does the work of Octavo's core, written the usual way, to measure against.
#ifndef CRIVALS_H
#define CRIVALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { rival_orders = 11 };

/// A descriptor of one frame; free blocks are chained through their first frame's.
struct rival_frame {
  uint32_t next, previous;
  uint8_t order;
  bool is_free;
};

/// A binary buddy allocator over the frames 0 ..< count.
struct rival_buddy {
  struct rival_frame *frames;
  uint32_t count;
  uint32_t heads[rival_orders];
};

bool rival_buddy_init(struct rival_buddy *buddy, uint32_t count);
void rival_buddy_destroy(struct rival_buddy *buddy);
/// The first frame of a block of 2^order frames, or UINT32_MAX.
uint32_t rival_buddy_allocate(struct rival_buddy *buddy, unsigned order);
void rival_buddy_free(struct rival_buddy *buddy, uint32_t frame, unsigned order);

enum { rival_tlb_sets = 256, rival_tlb_ways = 4 };

/// A set-associative look-aside buffer: tag (page number and address-space number) to frame.
struct rival_tlb {
  uint64_t tags[rival_tlb_sets][rival_tlb_ways];
  uint64_t entries[rival_tlb_sets][rival_tlb_ways];
};

/// The physical address, or UINT64_MAX on a miss or where `needed` rights are lacking.
uint64_t rival_tlb_translate(
    const struct rival_tlb *tlb, uint64_t address, uint16_t asid, uint64_t needed);
void rival_tlb_fill(
    struct rival_tlb *tlb, uint64_t address, uint16_t asid, uint64_t frame, uint64_t rights);

#endif
