// The hardware storey: what a memory manager stands on.
//
//   MachineDescription ──> TranslationFormat        the geometry and the descriptor bits, as data
//                              │ walk
//        loads, stores ──> MMU ┴─> TLBs ─> DirectMap ──> RAM
//                           ▲
//   KernelCore … PageTables ┴─ Hardware             the effects a kernel asks for, at most ten
//
// Idea. Page tables are real: descriptors are the architecture's own bit patterns and stand in
// frames of the machine's RAM. One walker reads them (TableWalker), for the MMU model and for the
// software that edits them, so the two cannot disagree. All that differs between architectures is in
// one value, TranslationFormat; no code here asks which architecture it is.
//
// RAM is one run of bytes, reached through DirectMap. On a host it is a region the caller maps, on
// metal the linear mapping of the kernel; the code is the same.
//
// Invariants.
//   - A walk reads only RAM and at most one entry per level: garbage ends in a fault, not a crash.
//   - A TLB entry allows no more than the tables did when it was filled, and allows a write only
//     if the leaf was dirty: so accessed and dirty bits in RAM are never behind. In a contiguous
//     group any leaf's bits speak for all, as the architecture has it.
//   - Sets, ways and replacement decide what a TLB drops; how it is searched is the host's matter.
//   - After software changes a leaf to allow less or lead elsewhere, and invalidates it, no TLB
//     holds the old one: MMU.firstStaleTranslation() finds a missing invalidation.
//
// Locks: none here. Each processor owns its MMU; tables belong to whoever locks their space.
//
// Sources: Intel SDM volume 3A chapter 4; AMD64 APM volume 2 chapter 5; Arm ARM DDI 0487 D8.
