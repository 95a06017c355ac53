/// What a leaf of the page tables says about its memory, in words every architecture shares.
///
/// `TranslationFormat` turns them into descriptor bits and back. What a format has no bit for is
/// lost: `normalized(_:at:)` says what remains. A leaf with none of `.read`, `.write`, `.execute`
/// and `.kernelExecute` keeps its frame but admits nobody (Linux: `PROT_NONE`, `pte_protnone()`);
/// with any of them it allows the kernel to read.
///
///      31    18 17 16  15  14  12  11   10   9   8   7   6   5   4   3   2   1   0
///     +--------+-----+---+-------+----+----+---+---+---+---+---+---+---+---+---+---+
///     |    0   |share| 0 | type  |cont|soft|dev|spe|kX | G | D | A |usr| X | W | R |
///     +--------+-----+---+-------+----+----+---+---+---+---+---+---+---+---+---+---+
@frozen
public struct LeafAttributes: OptionSet, Hashable, Sendable {
  public var rawValue: UInt32

  @inline(__always)
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  public static var read: Self { Self(rawValue: 1 << 0) }
  public static var write: Self { Self(rawValue: 1 << 1) }
  /// Programs may execute it. Without `.user` that is arm64's execute-only; x86 cannot say it.
  public static var execute: Self { Self(rawValue: 1 << 2) }
  /// Programs may read it, and write it if `.write`, not only the kernel.
  public static var user: Self { Self(rawValue: 1 << 3) }
  /// It was used since the bit was last cleared. Linux: `pte_young()`.
  public static var accessed: Self { Self(rawValue: 1 << 4) }
  /// It was written since the bit was last cleared. Linux: `pte_dirty()`.
  public static var dirty: Self { Self(rawValue: 1 << 5) }
  /// The translation is the same in every address space.
  public static var global: Self { Self(rawValue: 1 << 6) }
  /// The kernel may execute it. x86 has one bit for both privileges, so there a leaf that programs
  /// execute says this too, and only SMEP keeps the kernel out.
  public static var kernelExecute: Self { Self(rawValue: 1 << 7) }
  /// Software's mark: no `Page` is to be counted for it. Linux: `pte_special()`.
  public static var special: Self { Self(rawValue: 1 << 8) }
  /// Software's mark: memory of a device that has `Page`s. Linux: `pte_devmap()`.
  public static var deviceMemory: Self { Self(rawValue: 1 << 9) }
  /// Software's mark: written since somebody asked to be told. Linux: `pte_soft_dirty()`.
  public static var softDirty: Self { Self(rawValue: 1 << 10) }
  /// One of a whole aligned group of leaves of equal attributes and successive frames, which a TLB
  /// may hold as one entry. arm64 only. Linux: `pte_cont()`.
  public static var contiguous: Self { Self(rawValue: 1 << 11) }

  /// Those of which a leaf needs at least one to admit anybody.
  static var permissions: Self { [.read, .write, .execute, .kernelExecute] }
  /// Those that hardware sets by itself.
  public static var marks: Self { [.accessed, .dirty] }

  /// How the memory is cached and ordered; write-back unless set.
  @inline(__always)
  public var memoryType: MemoryType {
    get { MemoryType(rawValue: UInt8(truncatingIfNeeded: rawValue >> 12) & 7) ?? .writeBack }
    set { rawValue = rawValue & ~(7 << 12) | UInt32(newValue.rawValue) << 12 }
  }

  /// Who sees the memory coherently; the inner domain, all processors, unless set.
  @inline(__always)
  public var shareability: Shareability {
    get { Shareability(rawValue: UInt8(truncatingIfNeeded: rawValue >> 16) & 3) ?? .inner }
    set { rawValue = rawValue & ~(3 << 16) | UInt32(newValue.rawValue) << 16 }
  }

  /// The same with another memory type.
  public func with(_ type: MemoryType) -> LeafAttributes {
    var changed = self
    changed.memoryType = type
    return changed
  }

  /// The same with another shareability.
  public func with(_ shareability: Shareability) -> LeafAttributes {
    var changed = self
    changed.shareability = shareability
    return changed
  }
}
