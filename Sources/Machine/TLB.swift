public import MemoryTypes

/// The size of a TLB.
@frozen
public struct TLBGeometry: Hashable, Sendable {
  /// The number of sets, a power of two.
  public var sets: Int
  /// The entries per set, at least 1.
  public var ways: Int

  public init(sets: Int, ways: Int) {
    self.sets = sets
    self.ways = ways
  }

  public var entryCount: Int { sets * ways }
}

/// One cached translation of a base page. 32 bytes.
@frozen
public struct TLBEntry: Sendable {
  /// The page's first virtual address, with bit 0 set; 0 when the entry is free.
  var tag: UInt
  /// Its ASID, and which bits of it count: none for a global page.
  var asid: UInt16
  var asidMask: UInt16
  /// Bits 0 to 5: who may do what, see `TLB.permission`; from the page shift up, the physical
  /// address.
  var frame: UInt64
  /// When it last hit, in lookups.
  var lastUse: UInt64

  static var free: TLBEntry { TLBEntry(tag: 0, asid: 0, asidMask: 0, frame: 0, lastUse: 0) }
}

/// A set-associative cache of translations, tagged by ASID, over entry memory it is given.
///
///     set = page number mod sets        way 0   way 1   …
///                                     +-------+-------+---
///     address ── tag compare ──────── | entry | entry | …     least recently used goes first
///
/// An entry holds what a walk found: a page of a larger leaf is entered by itself. Leaves that
/// gave no access are not entered, as no architecture here may cache an invalid descriptor.
/// Invalidation is the caller's duty: nothing here looks at the tables again.
@safe @frozen
public struct TLB: ~Copyable {
  let entries: UnsafeMutablePointer<TLBEntry>
  let setMask: UInt
  let ways: Int
  let pageSize: PageSize
  /// How often a translation was asked for.
  public private(set) var lookups: UInt64
  /// How often it was not there, or did not allow the access.
  public internal(set) var misses: UInt64

  /// A TLB with nothing in it.
  ///
  /// - Parameter entries: memory for `geometry.entryCount` entries, which outlives the TLB.
  @unsafe
  public init(
    geometry: TLBGeometry, pageSize: PageSize, entries: UnsafeMutablePointer<TLBEntry>
  ) {
    precondition(geometry.sets > 0 && geometry.sets & (geometry.sets - 1) == 0, "sets: power of 2")
    precondition(geometry.ways > 0, "a set has at least one way")
    unsafe entries.initialize(repeating: .free, count: geometry.entryCount)
    unsafe self.entries = entries
    setMask = UInt(geometry.sets - 1)
    ways = geometry.ways
    self.pageSize = pageSize
    lookups = 0
    misses = 0
  }

  public var hits: UInt64 { lookups &- misses }

  var entryCount: Int { (Int(setMask) + 1) * ways }

  /// The bit of `TLBEntry.frame` that allows `access` to `privilege`.
  ///
  /// The one for writes is set only when the leaf was dirty already: the first write must reach
  /// the tables.
  @inline(__always)
  static func permission(_ access: MemoryAccess, _ privilege: Privilege) -> UInt64 {
    1 &<< UInt64(access.rawValue &+ privilege.rawValue &* 3)
  }

  /// The physical address of the byte at `address`, if it is here and allows `permission`.
  @inline(__always)
  mutating func lookUp(
    _ address: VirtualAddress, asid: ASID, permission: UInt64
  ) -> PhysicalAddress? {
    lookups &+= 1
    let tag = pageSize.roundDown(address).rawValue | 1
    var entry = unsafe set(of: address)
    let end = unsafe entry + ways
    while unsafe entry < end {
      if unsafe entry.pointee.tag == tag,
        unsafe (entry.pointee.asid ^ asid.rawValue) & entry.pointee.asidMask == 0
      {
        let frame = unsafe entry.pointee.frame
        guard frame & permission != 0 else { break }
        unsafe entry.pointee.lastUse = lookups
        let offset = UInt64(pageSize.offsetMask)
        return PhysicalAddress(frame & ~offset | UInt64(address.rawValue) & offset)
      }
      unsafe entry += 1
    }
    misses &+= 1
    return nil
  }

  /// Enters a translation in place of the same page's old one, a free or the oldest entry.
  mutating func insert(
    _ address: VirtualAddress, frame: UInt64, asid: ASID, isGlobal: Bool
  ) {
    let tag = pageSize.roundDown(address).rawValue | 1
    let first = unsafe set(of: address)
    var victim = unsafe first
    for way in 0..<ways {
      let entry = unsafe first + way
      if unsafe entry.pointee.matches(tag, asid) {
        unsafe victim = entry
        break
      }
      if unsafe entry.pointee.lastUse < victim.pointee.lastUse { unsafe victim = entry }
    }
    unsafe victim.pointee = TLBEntry(
      tag: tag, asid: asid.rawValue, asidMask: isGlobal ? 0 : .max, frame: frame,
      lastUse: lookups)
  }

  @inline(__always)
  private func set(of address: VirtualAddress) -> UnsafeMutablePointer<TLBEntry> {
    let index = pageSize.pageNumber(of: address) & setMask
    return unsafe entries + Int(bitPattern: index) &* ways
  }
}

extension TLBEntry {
  @inline(__always)
  func matches(_ tag: UInt, _ asid: ASID) -> Bool {
    self.tag == tag && (self.asid ^ asid.rawValue) & asidMask == 0
  }
}
