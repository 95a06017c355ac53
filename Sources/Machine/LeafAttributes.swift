/// What a leaf of the page tables says about its memory, in words every architecture shares.
///
/// `TranslationFormat` turns them into descriptor bits and back. No architecture here can hold
/// *write or execute but not read*: encoding any of the two implies `.read`. A leaf with none of
/// the three keeps its frame but admits nobody (Linux: `PROT_NONE`, `pte_protnone()`).
@frozen
public struct LeafAttributes: OptionSet, Hashable, Sendable {
  public var rawValue: UInt16

  public init(rawValue: UInt16) { self.rawValue = rawValue }

  public static var read: Self { Self(rawValue: 1 << 0) }
  public static var write: Self { Self(rawValue: 1 << 1) }
  public static var execute: Self { Self(rawValue: 1 << 2) }
  /// Programs may use it, not only the kernel.
  public static var user: Self { Self(rawValue: 1 << 3) }
  /// It was used since the bit was last cleared. Linux: `pte_young()`.
  public static var accessed: Self { Self(rawValue: 1 << 4) }
  /// It was written since the bit was last cleared. Linux: `pte_dirty()`.
  public static var dirty: Self { Self(rawValue: 1 << 5) }
  /// The translation is the same in every address space.
  public static var global: Self { Self(rawValue: 1 << 6) }

  /// How the memory is cached and ordered; write-back unless set.
  public var memoryType: MemoryType {
    get { MemoryType(rawValue: UInt8(rawValue >> 12) & 3) ?? .writeBack }
    set { rawValue = rawValue & 0x0FFF | UInt16(newValue.rawValue) << 12 }
  }

  /// The same with another memory type.
  public func with(_ type: MemoryType) -> LeafAttributes {
    var changed = self
    changed.memoryType = type
    return changed
  }
}

/// How memory is cached and how strictly its accesses are ordered.
@frozen
public enum MemoryType: UInt8, Hashable, Sendable {
  /// Ordinary RAM. arm64: Normal write-back. x86: WB.
  case writeBack = 0
  /// RAM shared with a device that does not snoop. arm64: Normal non-cacheable. x86: WC.
  case nonCacheable = 1
  /// Registers whose writes may be acknowledged early. arm64: Device-nGnRE. x86: UC-.
  case device = 2
  /// Registers whose every access arrives in order. arm64: Device-nGnRnE. x86: UC.
  case strictDevice = 3
}
