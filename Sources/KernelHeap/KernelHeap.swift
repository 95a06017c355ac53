// The kernel heap: objects smaller than a frame, cut from frames of the page allocator.
//
// A cache serves objects of one size. Its slabs are blocks of frames, each cut into equal slots;
// a free slot holds, in its middle, the address of the next free slot of its slab. What else a
// slab needs to remember stands in the `Page` of its first frame, so a slot has no header and a
// power-of-two size is aligned to itself:
//
//   Page:  mapping = the cache   index = first free slot   privateData = in use, slots
//             |                     |
//   slab   | obj | obj | ->+ | obj | ->0 | obj | obj | waste |
//                          +---------^
//
//   full (in no list)  <-- last slot taken --   partial (in the list)   -- all slots free -->  empty
//                      --- a slot freed ---->                    given back: see `SlabNode.put`
//
// An allocation takes the first slot of the first partial slab; a slab that was full goes to the
// list's tail when it gets a free slot. New slabs are made without any lock held, since the page
// allocator may ask for relief, which may shrink this very cache.
//
// Caches describe themselves in objects of one more cache, the cache of caches, which describes
// itself; the page allocator's `heapRoot` leads to it. The root goes when the last cache goes.
//
// kmalloc is a row of caches: 8, 16, 32, 64, 96, 128, 192, 256 … two pages; what is larger is a
// compound block of frames. `kfree` finds the cache by the page of the address.
//
// Invariants (`checkInvariants()`), per cache:
//
//   objects = sum over slabs of slots; active = sum over slabs of in use;
//   slots - in use = length of the slab's free list, each slot inside the slab and met once;
//   a slab is in the list exactly when it has a free slot;
//   pages of all caches + large kmalloc blocks = the `Slab:` of /proc/meminfo.
//
// Lock order: the list of caches, then a cache's lock, then the zone lock (never taken under a
// cache's lock today).
//
// Linux: mm/slub.c, mm/slab_common.c (6.12). Bonwick, The Slab Allocator, USENIX 1994.
