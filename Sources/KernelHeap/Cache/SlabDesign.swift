/// How the caches of a machine keep their objects; one design for all caches of a machine.
public enum SlabDesign: UInt8, Hashable, Sendable, CaseIterable {
  /// Per-CPU slabs, free lists inside the slabs, nothing beside them. Linux: mm/slub.c.
  case slub
  /// Per-CPU arrays of objects in front of three lists of slabs. Linux: mm/slab.c (6.1).
  case slab
  /// Blocks cut to measure from shared pages: small and slow. Linux: mm/slob.c (6.1).
  case slob
}
