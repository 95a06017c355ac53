// Plain C that does the work of Octavo's core, written the usual way, to measure against.
#ifndef CRIVALS_H
#define CRIVALS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { rival_orders = 11 };

struct rival_link {
  struct rival_link *next, *previous;
};

/// A descriptor of one frame, as large as the kernel's, in lists through a link.
struct rival_page {
  uint32_t flags;
  uint8_t order;
  bool is_free, is_owned;
  struct rival_link link;
  uint64_t mapping, index, owner;
  int32_t map_count, references;
  uint64_t charge;
};

struct rival_list {
  struct rival_link head;
};

/// The frames that one processor keeps at hand.
struct rival_cpu {
  atomic_flag lock;
  unsigned count, high, batch;
  struct rival_list lists[3];
};

/// A zone with free lists by order and type, as Linux and Octavo have them: a block goes to the tail
/// when its buddy's return would merge it further, the type of a list is that of the pageblock, free
/// frames are counted with a lag and compared with a mark.
struct rival_zone {
  struct rival_page *pages;
  uint8_t *types;
  uint32_t count;
  atomic_flag lock;
  _Atomic long free;
  long difference, threshold, mark;
  uint64_t counts[rival_orders];
  struct rival_list lists[rival_orders][3];
  struct rival_cpu cpu;
};

bool rival_zone_init(struct rival_zone *zone, uint32_t count);
void rival_zone_destroy(struct rival_zone *zone);
/// The first page of a block, or NULL; past the processor's lists.
struct rival_page *rival_zone_allocate(struct rival_zone *zone, unsigned order, unsigned type);
void rival_zone_free(struct rival_zone *zone, struct rival_page *page, unsigned order);
/// A page from the processor's list, or NULL.
struct rival_page *rival_cpu_allocate(struct rival_zone *zone, unsigned type);
void rival_cpu_free(struct rival_zone *zone, struct rival_page *page);

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

/// The number that this thread was given; 0 before.
int rival_thread_number(void);
void rival_set_thread_number(int value);
/// The same number, with the signature of a source of processors.
long rival_processor(void *context);
/// Whether `rival_barrier` can make all threads of this process pass a memory barrier; call it first.
bool rival_has_barrier(void);
void rival_barrier(void *context);

/// Another allocator's two functions; null where it is not installed.
struct rival_heap {
  void *(*allocate)(size_t size);
  void (*release)(void *object);
};
struct rival_heap rival_malloc(void);
struct rival_heap rival_mimalloc(void);

/// The running kernel's memory calls, past the C library: a result, or -1.
long rival_mmap(unsigned long address, unsigned long length, long protection, long flags);
long rival_munmap(unsigned long address, unsigned long length);
long rival_mprotect(unsigned long address, unsigned long length, long protection);
long rival_mremap(
    unsigned long address, unsigned long old_length, unsigned long new_length, long flags);
/// The break in force afterwards.
long rival_brk(unsigned long address);

#endif
