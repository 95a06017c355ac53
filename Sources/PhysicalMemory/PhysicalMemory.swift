// Physical memory: who owns which frame.
//
// A machine starts with nothing but a firmware's list of memory. `Memblock` keeps that list and a
// second one of what is taken, and gives out the first blocks. `PageAllocator.boot` then builds
// one 64-byte `Page` per frame, cuts memory into nodes and zones, and hands every free frame over.
//
//   memory     |################################|      |###############|
//   reserved      |##|              |#########|                    |###|   <- descriptors, allocator
//   handed over|#|    |##############|         |##|      |##########|
//
// A request passes these stations, and most stop at the second:
//
//   allocatePages(order, flags)
//     way        flags -> first zone, migrate type; is the zone well above its high mark?
//     per-CPU    the processor's own list of that order and type, filled in batches
//     free lists the zone's, under its lock: head of the smallest order of the type, else
//                contiguous-memory areas, else another type's largest block
//     all zones  of the zonelist, down to the low mark, then to the minimum
//     relief     background reclaim, compaction, reclaim, a victim: asked of who stands above
//
// The buddy folds frames as a printer folds a sheet: a block of order n is 2^n frames, starts at
// a multiple of 2^n, and has one buddy, found by flipping bit n of its frame number.
//
//   order 3 |               0               |
//   order 2 |       0       |       4       |        allocating order 0 from order 3:
//   order 1 |   0   |   2   |                        4, 2 and 1 go to the heads of their lists,
//   order 0 | 0 | 1 |                                0 goes to the caller; freeing 0 undoes it
//
// What the descriptor of a frame says:
//
//   reserved                     a hole, the kernel image, an early allocation
//   free, order                  first frame of a free block, in the free list of that order
//   allocated, order             first frame of a block that someone owns; perCPU: a processor
//   allocated + head; tail       the same for a compound block, whose tails know their order
//   none                         inside a block that is not compound
//
// Invariants (`checkInvariants()`):
//
//   spanned = present + holes;  present >= managed = free + isolated + allocated, per zone;
//   a free block stands in the list of its pageblock's type;
//   no two free buddies of ordinary types of the same order below the largest one;
//   a descriptor of zero bytes is a frame inside a block, so RAM never touched needs no writing.
//
// Placement is Linux's, to the frame: recorded machines replay with every frame as predicted.
//
// Lock order: a processor's lists, then the zone. Relief is called with no lock held. Nothing is
// allocated under either. Watermarks, reserves and zonelists are written while nobody allocates.
//
// Linux: mm/memblock.c, mm/page_alloc.c, mm/mm_init.c (6.12). Knuth, The Art of Computer
// Programming, volume 1, 2.5: buddy systems.
