internal import KernelHeap
internal import MemoryTypes
internal import Recordings

/// The caches of a recorded kernel as the rules see them: shapes from the facts, and from names what
/// no fact tells.
struct RecordedCaches {
  let facts: SlabFacts
  /// Bytes of a pointer.
  let word: UInt
  /// Whether no cache shares slabs. Linux: `slab_nomerge`.
  let mergesNothing: Bool
  /// Whether memory is charged to groups, for which kmalloc has caches beside its own. Those stay
  /// alone then, so that nothing charged gets between what is not. Linux: `CONFIG_MEMCG_KMEM`.
  let countsGroups: Bool
  /// Whether kmalloc aligns 96 and 192 to the power of two that divides them. From 6.10 on.
  let alignsOddSizes: Bool

  init(_ facts: SlabFacts, _ kernel: BootKernel, commandLine: [String]) {
    self.facts = facts
    if case .i386 = kernel.architecture { word = 4 } else { word = 8 }
    mergesNothing = commandLine.contains("slab_nomerge") || commandLine.contains("slub_nomerge")
    let names = facts.caches.map(\.name) + facts.aliases.map(\.name)
    countsGroups = names.contains { $0.hasPrefix("kmalloc-cg-") }
    alignsOddSizes = kernel.version >= (6, 10)
  }

  func shape(_ cache: SlabFacts.Cache) -> SlabShape {
    var flags: SlabFlags = []
    if cache["hwcache_align"] == 1 { flags.insert(.cacheLineAligned) }
    if cache["reclaim_account"] == 1 { flags.insert(.reclaimable) }
    if cache["cache_dma"] == 1 { flags.insert(.dma) }
    if cache["destroy_by_rcu"] == 1 { flags.insert(.typeSafeByRCU) }
    // No column tells that objects are charged; the name does where the cache may be shared.
    if let letters = Self.letters(cache.name), letters.contains("A") { flags.insert(.accounted) }
    if staysAlone(cache.name) { flags.insert(.unmergeable) }
    return SlabShape(
      objectSize: ByteCount(cache.objectSize), alignment: ByteCount(cache.alignment),
      flags: flags, hasConstructor: Self.hasConstructor(cache.name),
      hasUserWindow: (cache["usersize"] ?? 0) > 0, word: word)
  }

  /// What the kernel must call a cache of that shape. Linux: `create_unique_id()`.
  func identifier(_ shape: SlabShape, named name: String) -> String {
    guard shape.isMergeable else { return name.hasPrefix(":") ? "a name of its own" : name }
    let flags = shape.flags
    let letters =
      (flags.contains(.dma) ? "d" : "") + (flags.contains(.dma32) ? "D" : "")
      + (flags.contains(.reclaimable) ? "a" : "") + (flags.contains(.accounted) ? "A" : "")
    let digits = "\(shape.slotSize.rawValue)"
    let zeros = String(repeating: "0", count: max(0, 7 - digits.count))
    return ":" + letters + (letters.isEmpty ? "" : "-") + zeros + digits
  }

  /// The shape that a name alone tells: those with their size in it, and paths. Nil for others.
  func shape(ofName name: String, lineSize: UInt) -> SlabShape? {
    if name.hasPrefix("biovec-") {
      let count = name == "biovec-max" ? 256 : UInt(name.dropFirst(7))
      // A pointer and two numbers of 32 bits.
      return count.map { line(size: min($0, 256) * (word + 8), lineSize) }
    }
    if name == "names_cache" { return line(size: 4096, lineSize) }
    let kinds: [(String, SlabFlags)] = [
      ("kmalloc-rcl-", .reclaimable), ("kmalloc-cg-", .accounted), ("dma-kmalloc-", .dma),
    ]
    for (prefix, flags) in kinds where name.hasPrefix(prefix) {
      guard let size = Self.size(name.dropFirst(prefix.count)) else { return nil }
      let power = UInt(1) << UInt(size.trailingZeroBitCount)
      let alignment = power == size || alignsOddSizes ? power : 8
      return SlabShape(
        objectSize: ByteCount(size), alignment: ByteCount(alignment), flags: flags, word: word)
    }
    return nil
  }

  private func line(size: UInt, _ lineSize: UInt) -> SlabShape {
    SlabShape(
      objectSize: ByteCount(size), alignment: ByteCount(lineSize), flags: .cacheLineAligned,
      word: word)
  }

  /// `96`, `2k`.
  private static func size(_ text: Substring) -> UInt? {
    let unit: UInt = text.hasSuffix("k") ? 1024 : 1
    guard let number = UInt(unit == 1 ? text : text.dropLast()), (1...65536).contains(number)
    else { return nil }
    return number * unit
  }

  /// What stands before the size in the name of a cache that may be shared; nil for another's.
  private static func letters(_ name: String) -> Substring? {
    name.hasPrefix(":") ? name.dropFirst().prefix { $0.isLetter } : nil
  }

  /// Caches that the kernel makes before it can share any, or keeps to one use: those of one user's
  /// messages and copies are apart so that nobody else's objects come to lie beside them.
  private func staysAlone(_ name: String) -> Bool {
    if mergesNothing || ["kmem_cache", "kmem_cache_node", "kmalloc_buckets"].contains(name) {
      return true
    }
    if name.hasPrefix("msg_msg-") || name.hasPrefix("memdup_user-") { return true }
    guard countsGroups, name.hasPrefix("kmalloc-") else { return false }
    return Self.size(name.dropFirst(8)) != nil
  }

  /// Whether the users of a cache construct its objects: inodes of every file system do.
  private static func hasConstructor(_ name: String) -> Bool {
    name.hasSuffix("inode_cache") || name == "fuse_inode" || name.hasSuffix("iint_cache")
      || [
        "anon_vma", "bdev_cache", "dax_cache", "radix_tree_node", "sighand_cache",
        "userfaultfd_ctx_cache",
      ].contains(name)
  }
}
