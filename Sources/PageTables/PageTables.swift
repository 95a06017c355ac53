// Page tables as the kernel edits them: one storey above the hardware that walks them.
//
//   AddressSpaces ──> PageTable ── map, unmap, protect, leaf(at:), forEachLeaf, freeTables, destroy
//                        │  └────> TableFrameSource: a frame per table, from the page allocator
//                        ▼
//        TranslationFormat.walk(…) (module Machine): the one walker, shared with the MMU
//
// Idea. A table is a frame of RAM; an entry is the architecture's own descriptor. Single addresses
// are found by the walker. Ranges are found by the walker too, one walk per last-level table, whose
// entries are then read in a row. So there is one place that understands descriptors, and range
// operations cost what they touch, not what the range could hold.
//
// The order of a removal, which TLBBatch keeps:
//
//   unmap leaves ──> invalidate the TLBs ──> free frames and tables
//
// Nobody may reuse a frame that some processor still translates to, nor a table that a walk could
// still be in.
//
// Invariants, checked by PageTable.checkInvariants(): each table below the root is pointed to by
// one entry, one level up; counts agree; no entry is malformed.
//
// Lock: the page-table lock of the address space for every change.
//
// Sources: as for module Machine; Linux behaviour from mm/memory.c, mm/mmu_gather.c.
