public import MemoryTypes

/// TCR_EL1: how arm64 divides and translates its virtual addresses. Arm ARM D19.2.139.
///
///      63  41 40 39  38   37  36 34 32 31 30 23  22  21  16 15 14  7   5   0
///     +------+--+--+----+----+--+------+-----+----+--+------+-----+----+------+
///     |  …   |HD|HA|TBI1|TBI0|AS| IPS  | TG1 |EPD1|A1| T1SZ | TG0 |EPD0| T0SZ |
///     +------+--+--+----+----+--+------+-----+----+--+------+-----+----+------+
@frozen
public struct TranslationControl: Hashable, Sendable {
  /// 64 less the bits of an address in the low and in the high half.
  public var lowSize: UInt8
  public var highSize: UInt8
  public var lowPageSize: PageSize
  public var highPageSize: PageSize
  /// EPD0, EPD1: no walks in this half; each miss is a fault.
  public var isLowDisabled: Bool
  public var isHighDisabled: Bool
  /// A1: TTBR1 says the ASID.
  public var isIdentifierHigh: Bool
  /// AS: ASIDs of 16 bits.
  public var hasWideIdentifiers: Bool
  /// TBI0, TBI1: the top byte of an address in this half is a tag of software's.
  public var ignoresLowTag: Bool
  public var ignoresHighTag: Bool
  public var physicalAddressBits: UInt8
  public var marksAccessed: Bool
  public var marksDirty: Bool

  /// Reads the register; sizes out of range count as the nearest in range (D8.2.2), and a page
  /// size code that means nothing as 4 KiB.
  public init(_ register: UInt64) {
    lowSize = UInt8(register & 63)
    highSize = UInt8(register >> 16 & 63)
    lowPageSize = Self.pageSize(register >> 14 & 3, code64K: 1, code16K: 2)
    highPageSize = Self.pageSize(register >> 30 & 3, code64K: 3, code16K: 1)
    isLowDisabled = register >> 7 & 1 != 0
    isHighDisabled = register >> 23 & 1 != 0
    isIdentifierHigh = register >> 22 & 1 != 0
    hasWideIdentifiers = register >> 36 & 1 != 0
    ignoresLowTag = register >> 37 & 1 != 0
    ignoresHighTag = register >> 38 & 1 != 0
    physicalAddressBits = Self.physicalAddressBits(register >> 32 & 7)
    marksAccessed = register >> 39 & 1 != 0
    marksDirty = register >> 40 & 1 != 0
  }

  private static func pageSize(_ code: UInt64, code64K: UInt64, code16K: UInt64) -> PageSize {
    code == code64K ? .size64K : code == code16K ? .size16K : .size4K
  }

  private static func physicalAddressBits(_ code: UInt64) -> UInt8 {
    switch code {
    case 0: 32
    case 1: 36
    case 2: 40
    case 3: 42
    case 4: 44
    case 5: 48
    default: 52
    }
  }

  /// What the register says of `MMUControl`; `controls` are the bits that it decides.
  var control: MMUControl {
    var control: MMUControl = []
    if hasWideIdentifiers { control.insert(.wideIdentifiers) }
    if ignoresLowTag { control.insert(.ignoresLowTag) }
    if ignoresHighTag { control.insert(.ignoresHighTag) }
    if marksAccessed { control.insert(.marksAccessed) }
    if marksAccessed, marksDirty { control.insert(.marksDirty) }
    return control
  }

  static var controls: MMUControl {
    [.wideIdentifiers, .ignoresLowTag, .ignoresHighTag, .marksAccessed, .marksDirty]
  }

  /// How tables of the low half, under TTBR0, are read.
  public var lowFormat: TranslationFormat { format(lowPageSize, lowSize) }

  /// How tables of the high half, under TTBR1, are read.
  public var highFormat: TranslationFormat { format(highPageSize, highSize) }

  private func format(_ pageSize: PageSize, _ size: UInt8) -> TranslationFormat {
    let widest: UInt8 = pageSize == .size64K ? 52 : 48
    return .arm64(
      pageSize: pageSize, virtualAddressBits: min(max(64 - min(size, 39), 25), widest),
      physicalAddressBits: min(physicalAddressBits, widest))
  }
}
