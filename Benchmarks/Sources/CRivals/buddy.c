#include "CRivals.h"

#include <stdlib.h>

static const uint32_t none = UINT32_MAX;

static void lock(struct rival_buddy *buddy) {
  while (atomic_flag_test_and_set_explicit(&buddy->lock, memory_order_acquire)) {
  }
}

static void unlock(struct rival_buddy *buddy) {
  atomic_flag_clear_explicit(&buddy->lock, memory_order_release);
}

static void push(struct rival_buddy *buddy, uint32_t frame, unsigned order) {
  struct rival_frame *block = &buddy->frames[frame];
  block->order = (uint8_t)order;
  block->is_free = true;
  block->previous = none;
  block->next = buddy->heads[order];
  if (block->next != none) buddy->frames[block->next].previous = frame;
  buddy->heads[order] = frame;
}

static void unlink_block(struct rival_buddy *buddy, uint32_t frame) {
  struct rival_frame *block = &buddy->frames[frame];
  if (block->previous != none) {
    buddy->frames[block->previous].next = block->next;
  } else {
    buddy->heads[block->order] = block->next;
  }
  if (block->next != none) buddy->frames[block->next].previous = block->previous;
  block->is_free = false;
}

bool rival_buddy_init(struct rival_buddy *buddy, uint32_t count) {
  buddy->count = count;
  atomic_flag_clear(&buddy->lock);
  buddy->frames = calloc(count, sizeof *buddy->frames);
  if (!buddy->frames) return false;
  for (unsigned order = 0; order < rival_orders; order++) buddy->heads[order] = none;
  unsigned largest = rival_orders - 1;
  for (uint32_t frame = 0; frame + (1u << largest) <= count; frame += 1u << largest)
    push(buddy, frame, largest);
  return true;
}

void rival_buddy_destroy(struct rival_buddy *buddy) { free(buddy->frames); }

static uint32_t take(struct rival_buddy *buddy, unsigned order) {
  unsigned found = order;
  while (found < rival_orders && buddy->heads[found] == none) found++;
  if (found == rival_orders) return none;
  uint32_t frame = buddy->heads[found];
  unlink_block(buddy, frame);
  while (found > order) {
    found--;
    push(buddy, frame + (1u << found), found);
  }
  buddy->frames[frame].references = 1;
  buddy->frames[frame].order = (uint8_t)order;
  return frame;
}

static void give(struct rival_buddy *buddy, uint32_t frame, unsigned order) {
  while (order < rival_orders - 1) {
    uint32_t other = frame ^ (1u << order);
    if (other >= buddy->count) break;
    struct rival_frame *candidate = &buddy->frames[other];
    if (!candidate->is_free || candidate->order != order) break;
    unlink_block(buddy, other);
    frame &= other;
    order++;
  }
  push(buddy, frame, order);
}

uint32_t rival_buddy_allocate(struct rival_buddy *buddy, unsigned order) {
  lock(buddy);
  uint32_t frame = take(buddy, order);
  unlock(buddy);
  return frame;
}

void rival_buddy_free(struct rival_buddy *buddy, uint32_t frame, unsigned order) {
  struct rival_frame *block = &buddy->frames[frame];
  // A kernel stops here too: freed twice, or with another order than it was allocated with.
  if (frame >= buddy->count || block->is_free || block->order != order) abort();
  lock(buddy);
  block->references = 0;
  give(buddy, frame, order);
  unlock(buddy);
}
