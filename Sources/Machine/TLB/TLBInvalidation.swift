public import MemoryTypes

/// What to forget: the operand of an architecture's instruction, as data.
///
/// Arm ARM D8.14 "TLB maintenance"; Intel SDM volume 3A, 4.10.4 "Invalidation of TLBs and
/// Paging-Structure Caches".
@frozen
public struct TLBInvalidation: Hashable, Sendable {
  /// What happens to cached pointers to tables.
  @frozen
  public enum Walks: UInt8, Hashable, Sendable {
    /// They stay: only leaves changed.
    case none
    /// Those on the way to the addresses go.
    case covering
    /// All of the address space go.
    case all
  }

  /// Leaves that hold an address from `first` through `last` go.
  public var first: VirtualAddress
  public var last: VirtualAddress
  /// Of this address space; nil for all.
  public var asid: ASID?
  /// Global ones stay.
  public var sparesGlobal: Bool
  public var walks: Walks

  public init(
    first: VirtualAddress, last: VirtualAddress, asid: ASID?, sparesGlobal: Bool, walks: Walks
  ) {
    self.first = first
    self.last = last
    self.asid = asid
    self.sparesGlobal = sparesGlobal
    self.walks = walks
  }

  /// All addresses.
  private init(asid: ASID?, sparesGlobal: Bool) {
    self.init(
      first: VirtualAddress(0), last: VirtualAddress(.max), asid: asid, sparesGlobal: sparesGlobal,
      walks: .all)
  }

  var isOfAllAddresses: Bool { first.rawValue == 0 && last.rawValue == .max }
}

extension TLBInvalidation {
  /// arm64 `TLBI VAE1IS`: the page at `address`, of `asid` or global, and the way to it.
  public static func vae1is(_ address: VirtualAddress, _ asid: ASID) -> Self {
    Self(first: address, last: address, asid: asid, sparesGlobal: false, walks: .covering)
  }

  /// arm64 `TLBI VALE1IS`: the same, but cached pointers to tables stay.
  public static func vale1is(_ address: VirtualAddress, _ asid: ASID) -> Self {
    Self(first: address, last: address, asid: asid, sparesGlobal: false, walks: .none)
  }

  /// arm64 `TLBI VAAE1IS`: the page at `address` in every address space.
  public static func vaae1is(_ address: VirtualAddress) -> Self {
    Self(first: address, last: address, asid: nil, sparesGlobal: false, walks: .covering)
  }

  /// arm64 `TLBI RVAE1IS` (FEAT_TLBIRANGE): the pages of `range`, which is not empty.
  public static func rvae1is(_ range: VirtualRange, _ asid: ASID) -> Self {
    Self(
      first: range.start, last: VirtualAddress(range.end.rawValue &- 1), asid: asid,
      sparesGlobal: false, walks: .covering)
  }

  /// arm64 `TLBI ASIDE1IS`: an address space, less what is global.
  public static func aside1is(_ asid: ASID) -> Self { Self(asid: asid, sparesGlobal: true) }

  /// arm64 `TLBI VMALLE1IS`: everything.
  public static var vmalle1is: Self { Self(asid: nil, sparesGlobal: false) }

  /// x86 `INVLPG`: the page at `address`, of `asid` or global, and every pointer to a table that
  /// is cached for `asid`, whatever its address.
  public static func invlpg(_ address: VirtualAddress, _ asid: ASID) -> Self {
    Self(first: address, last: address, asid: asid, sparesGlobal: false, walks: .all)
  }

  /// x86 `INVPCID` type 0: as `INVLPG`, but a global page stays.
  public static func invpcid(_ address: VirtualAddress, _ asid: ASID) -> Self {
    Self(first: address, last: address, asid: asid, sparesGlobal: true, walks: .all)
  }

  /// x86 `INVPCID` type 1, and MOV to CR3 without bit 63: an address space, less what is global.
  public static func invpcid(_ asid: ASID) -> Self { Self(asid: asid, sparesGlobal: true) }

  /// x86 `INVPCID` type 2: everything.
  public static var invpcidAll: Self { Self(asid: nil, sparesGlobal: false) }

  /// x86 `INVPCID` type 3: all address spaces, less what is global.
  public static var invpcidAllButGlobal: Self { Self(asid: nil, sparesGlobal: true) }
}
