public import MemoryTypes

extension TLB {
  /// The bytes that a TLB of `geometry` needs, a multiple of 16.
  public static func storageSize(for geometry: TLBGeometry) -> ByteCount {
    ByteCount(UInt(Layout(geometry).end))
  }

  /// A TLB with nothing in it.
  ///
  /// - Parameters:
  ///   - pageSize: The base page: the size of most entries.
  ///   - storage: `storageSize(for:)` bytes, aligned to 16, which outlive the TLB.
  @unsafe
  public init(
    _ geometry: TLBGeometry, pageSize: PageSize, storage: UnsafeMutableRawPointer
  ) {
    precondition(geometry.sets & (geometry.sets - 1) == 0, "sets: a power of 2")
    precondition(geometry.ways <= 128 && geometry.entryCount < 0xFFFF, "ways, entries: too many")
    let layout = Layout(geometry)
    let count = geometry.entryCount
    // SAFETY: `Layout` keeps the runs apart and aligned.
    unsafe entries = (storage + layout.entries).initializeMemory(
      as: TLBEntry.self, repeating: .free(next: UInt16(count)), count: count + 1)
    unsafe buckets = (storage + layout.buckets).initializeMemory(
      as: UInt16.self, repeating: UInt16(count), count: layout.bucketCount)
    unsafe occupied = (storage + layout.occupied).initializeMemory(
      as: UInt64.self, repeating: 0, count: layout.wordCount)
    unsafe trees = (storage + layout.trees).initializeMemory(
      as: UInt64.self, repeating: 0, count: layout.treeWordCount)
    unsafe sizeHits = (storage + layout.hits).initializeMemory(
      as: UInt64.self, repeating: 0, count: 64)
    unsafe sizeEntries = (storage + layout.counts).initializeMemory(
      as: UInt16.self, repeating: 0, count: 64)
    bucketMask = UInt(layout.bucketCount - 1)
    setMask = UInt(max(1, geometry.sets) - 1)
    ways = geometry.ways
    sizes = geometry.sizes.isEmpty ? EntrySizes(shift: pageSize.shift) : geometry.sizes
    let base = sizes.largest(notAbove: pageSize.shift) ?? pageSize.shift
    baseShift = UInt(base)
    baseOffset = 1 << UInt(base) - 1
    usesTrees = geometry.replacement == .treePseudoLRU
    random = geometry.replacement.generator
  }

  /// Where the parts of a TLB stand in its storage.
  private struct Layout {
    let bucketCount: Int
    let wordCount: Int
    let treeWordCount: Int
    let entries = 0
    let buckets: Int
    let occupied: Int
    let trees: Int
    let hits: Int
    let counts: Int
    let end: Int

    init(_ geometry: TLBGeometry) {
      let count = geometry.entryCount
      bucketCount = Self.bucketCount(for: count)
      wordCount = (count + 63) / 64
      treeWordCount = geometry.replacement == .treePseudoLRU ? geometry.sets * 2 : 0
      buckets = Self.aligned((count + 1) * MemoryLayout<TLBEntry>.stride)
      occupied = Self.aligned(buckets + bucketCount * MemoryLayout<UInt16>.stride)
      trees = Self.aligned(occupied + wordCount * MemoryLayout<UInt64>.stride)
      hits = Self.aligned(trees + treeWordCount * MemoryLayout<UInt64>.stride)
      counts = hits + 64 * MemoryLayout<UInt64>.stride
      end = counts + 64 * MemoryLayout<UInt16>.stride
    }

    /// Chains longer than one leave the short path: small TLBs can afford many buckets.
    private static func bucketCount(for entries: Int) -> Int {
      var count = 16
      while count < entries * (entries <= 128 ? 8 : 2) { count *= 2 }
      return count
    }

    private static func aligned(_ count: Int) -> Int { (count + 15) & ~15 }
  }
}

extension Replacement {
  /// Who draws the entry that goes; nil where nobody draws.
  fileprivate var generator: SeededGenerator? {
    guard case .random(let seed) = self else { return nil }
    return SeededGenerator(seed: seed)
  }
}
