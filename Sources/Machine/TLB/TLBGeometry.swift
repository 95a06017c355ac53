internal import MemoryTypes

/// The size of one TLB, what it holds, and whom it drops when it is full.
@frozen
public struct TLBGeometry: Hashable, Sendable {
  /// The number of sets, a power of two; 0 for a TLB that is not there.
  public var sets: Int
  /// The entries per set, 1 to 128.
  public var ways: Int
  /// The sizes of memory that an entry may cover.
  public var sizes: EntrySizes
  public var replacement: Replacement

  public init(
    sets: Int, ways: Int, sizes: EntrySizes = [], replacement: Replacement = .leastRecentlyUsed
  ) {
    self.sets = sets
    self.ways = ways
    self.sizes = sizes
    self.replacement = replacement
  }

  /// A TLB of one set.
  public static func fullyAssociative(
    _ entries: Int, _ sizes: EntrySizes, _ replacement: Replacement = .leastRecentlyUsed
  ) -> TLBGeometry {
    TLBGeometry(sets: 1, ways: entries, sizes: sizes, replacement: replacement)
  }

  /// No TLB.
  public static var absent: TLBGeometry { TLBGeometry(sets: 0, ways: 0) }

  public var entryCount: Int { sets * ways }
}

/// How a full set chooses the entry that makes room. Free entries always go first.
@frozen
public enum Replacement: Hashable, Sendable {
  /// The entry whose last hit is longest ago.
  case leastRecentlyUsed
  /// A binary tree of bits that point away from the last use: one bit per inner node.
  case treePseudoLRU
  /// Any, by a generator with this seed: the same seed gives the same choices.
  case random(seed: UInt64)
}

/// A set of sizes that are powers of two, from 4 KiB up.
@frozen
public struct EntrySizes: OptionSet, Hashable, Sendable {
  public var rawValue: UInt64

  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// The set of one size, given as its log2.
  public init(shift: UInt8) { rawValue = 1 << UInt64(shift) }

  public static var size4K: Self { Self(shift: 12) }
  public static var size16K: Self { Self(shift: 14) }
  public static var size64K: Self { Self(shift: 16) }
  public static var size2M: Self { Self(shift: 21) }
  public static var size4M: Self { Self(shift: 22) }
  public static var size32M: Self { Self(shift: 25) }
  public static var size512M: Self { Self(shift: 29) }
  public static var size1G: Self { Self(shift: 30) }

  /// The log2 of the largest size in the set that is not above 2^`shift`; nil if all are.
  func largest(notAbove shift: UInt8) -> UInt8? {
    let fitting = rawValue & ((2 << UInt64(shift)) &- 1)
    return fitting == 0 ? nil : UInt8(63 - fitting.leadingZeroBitCount)
  }
}
