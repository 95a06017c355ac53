// Physical memory: who owns which frame.
//
// A machine starts with nothing but a firmware's list of memory. `Memblock` keeps that list and a
// second one of what is taken, and gives out the first blocks. `PageAllocator.boot` then builds
// one 64-byte `Page` per frame, in RAM, and hands every free frame to the buddy, which owns the
// frames from then on.
//
//   memory     |################################|      |###############|
//   reserved      |##|              |#########|                    |###|   <- Page array, allocator
//   handed over|#|    |##############|         |##|      |##########|
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
//   allocated, order             first frame of a block that someone owns
//   allocated + head; tail       the same for a compound block, whose tails know their order
//   none                         inside a block that is not compound
//
// Invariants (`checkInvariants()`):
//
//   spanned = present + holes;  present >= managed = free + allocated;
//   free = sum over orders of count(order) * 2^order;
//   no two free buddies of the same order below the largest one;
//   a descriptor of zero bytes is a frame inside a block, so RAM never touched needs no writing.
//
// Placement is Linux's, to the frame: a request takes the head of the smallest order that has a
// block; halves go to the list heads; a freed block goes to the head, or to the tail when its
// buddy's return would merge it further; boot fills lists at the tail.
//
// Lock order: zone lock last. Relief is called with no lock held. Nothing is allocated under the
// zone lock.
//
// Linux: mm/memblock.c, mm/page_alloc.c, mm/mm_init.c (6.12). Knuth, The Art of Computer
// Programming, volume 1, 2.5: buddy systems.
