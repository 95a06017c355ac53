// The kernel heap: objects smaller than a frame, cut from frames of the page allocator.
//
// A cache serves objects of one size; its slabs are blocks of frames, cut into equal slots. How it
// keeps them is its design, one for all caches of a machine. Whoever uses caches does not see it:
//
//   TypedCache, KmallocCaches, MemoryPool     users of the face
//     SlabCache -> SlabCore                   the face: names, merging, faults; one switch
//       SlubDesign | QueuedDesign | SlobDesign    a design: a view of the core, the bytes behind it
//         PageAllocator
//
// SLUB. A free object holds, in its middle, the address of the next free one of its slab. What else
// a slab must remember stands in the `Page` of its first frame, so a slot has no header and a
// power-of-two size is aligned to itself. A slab lives like this:
//
//            made                                   last object taken, list empty
//   (none) --------> frozen: one processor's own  --------------------------------> full
//                      ^            flush |                                           |
//                      | taken            v                          an object freed  v
//          node's partial list  <-- more than it may keep --  processor's partial list
//                      |
//                      v empty, and the list has `min_partial`: given back
//
// What a processor has is its own; whoever wants it asks (`ProcessorOwned`). A slab's list changes by
// exchanging two words at once: the first free object with the slab's counts. So a free takes no lock
// but when it empties a slab. Caches that are watched (`SlabFlags.fullDebugging`) never freeze a
// slab: all they do happens, checked, under the lock of the node.
//
// Caches describe themselves in objects of one more cache, the cache of caches. The root of all has
// a block of its own; the page allocator's `heapRoot` leads to it. It goes with the last cache, or,
// if somebody booted it with options, when he ends it.
//
// kmalloc is rows of caches: 8, 16, 32, 64, 96, 128, 192, 256 ... two pages; what is larger is a
// compound block of frames. `kfree` finds the cache by the page of the address.
//
// Invariants (`checkInvariants()`), per cache, while nobody allocates or frees:
//
//   slots - in use = length of the slab's free list, each object inside the slab and met once;
//   objects that live = sum of in use - lengths of the processors' own lists;
//   a slab that is not frozen is in exactly one list if it has a free object, else in none;
//   pages of all caches + large kmalloc blocks + the root = the `Slab:` of /proc/meminfo.
//
// What a design cannot do: `SlabDesign.abilities`.
//
// Lock order: the list of caches, what a processor has, a node's partial list, the zone lock.
// New slabs are made with no lock held: the page allocator may ask for relief, which may shrink
// this very cache.
//
// Linux: mm/slub.c, mm/slab_common.c, mm/mempool.c (6.12). Bonwick, The Slab Allocator, USENIX 1994.
