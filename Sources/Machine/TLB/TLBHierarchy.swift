public import MemoryTypes

/// The TLBs, walk caches and data caches of one processor.
///
///     fetch ──> instruction ─ miss ─┐                     ┌─ walk caches: start below the root
///                                   ├─> second ─ miss ──> walk
///     load, store ──> data ── miss ─┘      │              └─ data caches: what a reference costs
///                       ▲──── fill ────────┴──── fill ──────┘
///
/// What a processor lacks has no entries and is passed by. In memory it is given.
@safe @frozen
public struct TLBHierarchy: ~Copyable {
  @usableFromInline var instruction: TLBLevel
  @usableFromInline var data: TLBLevel
  var second: TLBLevel
  var secondInstruction: TLBLevel
  var walkCaches: WalkCaches
  let caches: CacheModel
  /// By log2 of the leaf's size; index 0 for walks that ended in a fault.
  let walkCounts: UnsafeMutablePointer<WalkCounts>
  /// How the MMU reads the low and the high half's tables: behind a pointer, since such large
  /// values are copied where they are passed.
  let formats: UnsafeMutablePointer<TranslationFormat>
  let secondLatency: UInt64
  let coalescedShift: UInt8
  /// Entries that invalidations found and dropped.
  public internal(set) var droppedEntries: UInt64

  /// The bytes of memory that a hierarchy needs, a multiple of 16.
  public static func storageSize(for model: TLBModel) -> ByteCount {
    let levels =
      model.instruction.storageSize + model.data.storageSize + model.second.storageSize
      + model.secondInstruction.storageSize
    let walks =
      model.walkCaches.storageSize + CacheModel.storageSize(for: model.timings)
      + 64 * MemoryLayout<WalkCounts>.stride + formatsSize
    return ByteCount(UInt(bitPattern: levels + walks))
  }

  /// A hierarchy with nothing in it.
  ///
  /// - Parameter storage: `storageSize(for:)` bytes, aligned to 16, which outlive it.
  @unsafe
  public init(_ model: TLBModel, pageSize: PageSize, storage: UnsafeMutableRawPointer) {
    var place = unsafe storage
    instruction = unsafe TLBLevel(model.instruction, pageSize: pageSize, storage: place)
    unsafe place += model.instruction.storageSize
    data = unsafe TLBLevel(model.data, pageSize: pageSize, storage: place)
    unsafe place += model.data.storageSize
    second = unsafe TLBLevel(model.second, pageSize: pageSize, storage: place)
    unsafe place += model.second.storageSize
    secondInstruction = unsafe TLBLevel(
      model.secondInstruction, pageSize: pageSize, storage: place)
    unsafe place += model.secondInstruction.storageSize
    walkCaches = unsafe WalkCaches(model.walkCaches, pageSize: pageSize, storage: place)
    unsafe place += model.walkCaches.storageSize
    caches = unsafe CacheModel(model.timings, storage: place)
    unsafe place += CacheModel.storageSize(for: model.timings)
    unsafe walkCounts = place.initializeMemory(
      as: WalkCounts.self, repeating: WalkCounts(), count: 64)
    unsafe place += 64 * MemoryLayout<WalkCounts>.stride
    // SAFETY: the MMU that takes the hierarchy writes both before it reads one.
    unsafe formats = place.bindMemory(to: TranslationFormat.self, capacity: 2)
    secondLatency = UInt64(model.secondLatency)
    coalescedShift = model.coalescedShift
    droppedEntries = 0
  }

  private static var formatsSize: Int { (2 * MemoryLayout<TranslationFormat>.stride + 15) & ~15 }

  /// A look-up that the short path of the first level did not answer; fills the first level from
  /// the second.
  mutating func lookUpLong(
    _ address: VirtualAddress, asid: ASID, rights: UInt64, isFetch: Bool
  ) -> PhysicalAddress? {
    let first =
      isFetch
      ? instruction.lookUpLong(address, asid: asid, rights: rights)
      : data.lookUpLong(address, asid: asid, rights: rights)
    if let first { return first.physical(of: address) }
    let second =
      isFetch && !secondInstruction.isAbsent
      ? secondInstruction.lookUp(address, asid: asid, rights: rights)
      : second.lookUp(address, asid: asid, rights: rights)
    guard let second else { return nil }
    unsafe walkCounts[Int(second.leafShift)].secondCycles &+= secondLatency
    fillFirst(address, TLBLeaf(second), isFetch: isFetch)
    return second.physical(of: address)
  }

  /// Enters what a walk found, on both levels.
  mutating func fill(_ address: VirtualAddress, _ leaf: TLBLeaf, isFetch: Bool) {
    fillFirst(address, leaf, isFetch: isFetch)
    if isFetch, !secondInstruction.isAbsent {
      secondInstruction.insert(address, leaf)
    } else {
      second.insert(address, leaf)
    }
  }

  private mutating func fillFirst(_ address: VirtualAddress, _ leaf: TLBLeaf, isFetch: Bool) {
    if isFetch {
      instruction.insert(address, leaf)
    } else {
      data.insert(address, leaf)
    }
  }
}

extension TLBEntry {
  /// The physical address behind `address`, which this entry translates.
  func physical(of address: VirtualAddress) -> PhysicalAddress {
    let offset = (1 as UInt64) << UInt64(shift) &- 1
    return PhysicalAddress(frame & ~offset | UInt64(address.rawValue) & offset)
  }
}
