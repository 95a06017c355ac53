internal import MemoryTypes

/// The sizes of the TLBs of one level: of one side (instructions or data), or of both.
///
/// A processor may hold all sizes of leaves in one TLB, or give larger ones TLBs of their own. Of
/// those that could hold a leaf, the one takes it that keeps it in the fewest pieces.
@frozen
public struct TLBLevelGeometry: Hashable, Sendable {
  public var small: TLBGeometry
  public var large: TLBGeometry
  public var huge: TLBGeometry

  public init(
    _ small: TLBGeometry, large: TLBGeometry = .absent, huge: TLBGeometry = .absent
  ) {
    self.small = small
    self.large = large
    self.huge = huge
  }

  /// No TLB on this level.
  public static var absent: Self { Self(.absent) }

  public var isAbsent: Bool { small.entryCount == 0 }
  public var entryCount: Int { small.entryCount + large.entryCount + huge.entryCount }

  var storageSize: Int {
    let sizes =
      [
        TLB.storageSize(for: small), TLB.storageSize(for: large), TLB.storageSize(for: huge),
      ] as InlineArray<3, ByteCount>
    return Int(bitPattern: sizes[0].rawValue &+ sizes[1].rawValue &+ sizes[2].rawValue)
  }
}

/// The TLBs of one level, looked up together.
@frozen
public struct TLBLevel: ~Copyable {
  @usableFromInline var small: TLB
  var large: TLB
  var huge: TLB

  /// - Parameter storage: `geometry.storageSize` bytes, aligned to 16.
  @unsafe
  init(
    _ geometry: TLBLevelGeometry, pageSize: PageSize, storage: UnsafeMutableRawPointer
  ) {
    var place = unsafe storage
    small = unsafe TLB(geometry.small, pageSize: pageSize, storage: place)
    unsafe place += Int(bitPattern: TLB.storageSize(for: geometry.small).rawValue)
    large = unsafe TLB(geometry.large, pageSize: pageSize, storage: place)
    unsafe place += Int(bitPattern: TLB.storageSize(for: geometry.large).rawValue)
    huge = unsafe TLB(geometry.huge, pageSize: pageSize, storage: place)
  }

  var isAbsent: Bool { small.ways == 0 }

  /// A look-up of everything that the short path of `small` leaves out; it was counted there.
  mutating func lookUpLong(_ address: VirtualAddress, asid: ASID, rights: UInt64) -> TLBEntry? {
    small.longLookups &+= 1
    if let entry = small.lookUpAnySize(address, asid: asid, rights: rights) { return entry }
    large.countLongLookup()
    if let entry = large.lookUpAnySize(address, asid: asid, rights: rights) { return entry }
    huge.countLongLookup()
    return huge.lookUpAnySize(address, asid: asid, rights: rights)
  }

  /// A look-up by itself, counted here.
  mutating func lookUp(_ address: VirtualAddress, asid: ASID, rights: UInt64) -> TLBEntry? {
    small.clock &+= 1
    return lookUpLong(address, asid: asid, rights: rights)
  }

  /// Enters a leaf into the TLB that keeps the largest piece of it.
  mutating func insert(_ address: VirtualAddress, _ leaf: TLBLeaf) {
    let inSmall = small.piece(of: leaf)
    let inLarge = large.piece(of: leaf)
    let inHuge = huge.piece(of: leaf)
    if inHuge > inSmall, inHuge > inLarge {
      huge.insert(address, leaf, shift: inHuge)
    } else if inLarge > inSmall {
      large.insert(address, leaf, shift: inLarge)
    } else if inSmall > 0 {
      small.insert(address, leaf, shift: inSmall)
    }
  }

  /// Forgets what `invalidation` names.
  ///
  /// - Returns: how many entries that were.
  mutating func forget(_ invalidation: TLBInvalidation) -> Int {
    small.forget(invalidation) + large.forget(invalidation) + huge.forget(invalidation)
  }

  /// Hits in entries of 2^`shift` bytes.
  func hits(ofShift shift: Int) -> UInt64 {
    small.hits(ofShift: shift) &+ large.hits(ofShift: shift) &+ huge.hits(ofShift: shift)
  }

  /// Look-ups, hits or not.
  var lookups: UInt64 { small.clock }
}

/// What is entered into TLBs: a leaf, or the piece of one that another TLB held.
struct TLBLeaf {
  /// The physical address of its first byte.
  var physical: PhysicalAddress
  /// Who may do what: see `AccessRights`.
  var rights: UInt64
  /// log2 of its size.
  var shift: UInt8
  /// log2 of the whole leaf.
  var leafShift: UInt8
  var asid: ASID
  var isGlobal: Bool
}

extension TLBLeaf {
  /// What an entry of one TLB gives to another.
  init(_ entry: TLBEntry) {
    physical = PhysicalAddress(entry.frame & ~AccessRights.mask)
    rights = entry.frame & AccessRights.mask
    shift = UInt8(entry.shift)
    leafShift = entry.leafShift
    asid = ASID(entry.asid)
    isGlobal = entry.isGlobal
  }
}

extension TLB {
  /// log2 of the piece of `leaf` that an entry here would hold; 0 for none.
  func piece(of leaf: TLBLeaf) -> UInt8 {
    ways == 0 ? 0 : sizes.largest(notAbove: leaf.shift) ?? 0
  }

  mutating func insert(_ address: VirtualAddress, _ leaf: TLBLeaf, shift: UInt8) {
    let within = UInt64(address.rawValue) & ((1 << UInt64(leaf.shift)) &- 1)
    let piece = (leaf.physical.rawValue &+ within) & ~((1 << UInt64(shift)) &- 1)
    insert(
      address, shift: shift, frame: piece | leaf.rights, asid: leaf.asid, isGlobal: leaf.isGlobal,
      leafShift: leaf.leafShift)
  }

  /// Counts a look-up that has no short path.
  mutating func countLongLookup() {
    clock &+= 1
    longLookups &+= 1
  }

  /// Hits in entries of 2^`shift` bytes; those of the short path are all of the base size.
  func hits(ofShift shift: Int) -> UInt64 {
    guard ways > 0 else { return 0 }
    let long = unsafe sizeHits[shift]
    return shift == Int(bitPattern: baseShift) ? long &+ (clock &- longLookups) : long
  }
}
