internal import MemoryTypes

/// The sizes of the caches of pointers to tables, one per level of the entry that points.
///
/// Intel: PDE, PDPTE and PML4 cache. AMD: page directory cache. Arm: walk cache.
@frozen
public struct WalkCacheGeometry: Hashable, Sendable {
  /// Pointers to tables of the last level: a hit leaves one reference to do.
  public var pmd: TLBGeometry
  public var pud: TLBGeometry
  public var p4d: TLBGeometry

  public init(pmd: TLBGeometry, pud: TLBGeometry = .absent, p4d: TLBGeometry = .absent) {
    self.pmd = pmd
    self.pud = pud
    self.p4d = p4d
  }

  public static var absent: Self { Self(pmd: .absent) }

  var storageSize: Int {
    let size =
      TLB.storageSize(for: pmd).rawValue &+ TLB.storageSize(for: pud).rawValue
      &+ TLB.storageSize(for: p4d).rawValue
    return Int(bitPattern: size)
  }
}

/// Where a walk may start instead of at the root.
struct WalkStart {
  /// The level of the table's entries.
  var level: TranslationLevel
  var table: PhysicalAddress
  /// What the tables above take away: see `WalkLimits`.
  var limits: UInt64
}

/// Pointers to tables that walks met: TLBs whose entries lead to a table, not to memory.
@frozen
public struct WalkCaches: ~Copyable {
  var pmd: TLB
  var pud: TLB
  var p4d: TLB

  @unsafe
  init(_ geometry: WalkCacheGeometry, pageSize: PageSize, storage: UnsafeMutableRawPointer) {
    var place = unsafe storage
    pmd = unsafe TLB(geometry.pmd, pageSize: pageSize, storage: place)
    unsafe place += Int(bitPattern: TLB.storageSize(for: geometry.pmd).rawValue)
    pud = unsafe TLB(geometry.pud, pageSize: pageSize, storage: place)
    unsafe place += Int(bitPattern: TLB.storageSize(for: geometry.pud).rawValue)
    p4d = unsafe TLB(geometry.p4d, pageSize: pageSize, storage: place)
  }

  /// The lowest table on the way to `address` that is known.
  mutating func start(_ address: VirtualAddress, _ asid: ASID) -> WalkStart? {
    if let entry = pmd.lookUpPointer(address, asid) { return WalkStart(.pte, entry) }
    if let entry = pud.lookUpPointer(address, asid) { return WalkStart(.pmd, entry) }
    if let entry = p4d.lookUpPointer(address, asid) { return WalkStart(.pud, entry) }
    return nil
  }

  /// Notes that the entry of `level` for `address`, which covers 2^`shift` bytes, points to `table`.
  mutating func insert(
    _ address: VirtualAddress, _ level: TranslationLevel, shift: UInt, _ table: PhysicalAddress,
    limits: UInt64, _ asid: ASID
  ) {
    let frame = table.rawValue | limits
    switch level {
    case .pmd: pmd.insertPointer(address, shift, frame, asid)
    case .pud: pud.insertPointer(address, shift, frame, asid)
    case .p4d: p4d.insertPointer(address, shift, frame, asid)
    default: break
    }
  }

  /// Forgets what `invalidation` names.
  ///
  /// - Returns: how many entries that were.
  mutating func forget(_ invalidation: TLBInvalidation) -> Int {
    guard invalidation.walks != .none else { return 0 }
    var named = invalidation
    if invalidation.walks == .all {
      (named.first, named.last) = (VirtualAddress(0), VirtualAddress(.max))
    }
    return pmd.forget(named) + pud.forget(named) + p4d.forget(named)
  }
}

extension WalkStart {
  fileprivate init(_ level: TranslationLevel, _ entry: TLBEntry) {
    self.level = level
    table = PhysicalAddress(entry.frame & ~AccessRights.mask)
    limits = entry.frame & AccessRights.mask
  }
}

extension TLB {
  fileprivate mutating func lookUpPointer(_ address: VirtualAddress, _ asid: ASID) -> TLBEntry? {
    countLongLookup()
    return lookUpAnySize(address, asid: asid, rights: .max)
  }

  fileprivate mutating func insertPointer(
    _ address: VirtualAddress, _ shift: UInt, _ frame: UInt64, _ asid: ASID
  ) {
    insert(
      address, shift: UInt8(shift), frame: frame, asid: asid, isGlobal: false,
      leafShift: UInt8(shift))
  }
}
