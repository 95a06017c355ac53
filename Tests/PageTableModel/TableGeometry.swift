public import Machine
internal import MemoryTypes

/// A geometry under test, and the addresses around which histories map memory.
public struct TableGeometry: Sendable, CustomStringConvertible {
  public var description: String
  public var format: TranslationFormat
  /// log2 of how many frames descriptors can name.
  public var frameBits: UInt
  /// Where histories happen: borders of tables of each level.
  public var places: [UInt]

  /// The last page that the tables translate in the half of `page`.
  func lastPage(after page: UInt) -> UInt {
    let shift = UInt(format.pageSize.shift)
    guard format.hasHighHalf else { return ((1 << UInt(format.virtualAddressBits)) &- 1) >> shift }
    let highHalf = UInt.max << UInt(format.canonicalShift)
    return (page << shift >= highHalf ? UInt.max : ~highHalf) >> shift
  }

  /// All addresses that the tables translate.
  var everything: VirtualRange {
    let isHigh = (places.min() ?? 0) != 0
    return VirtualRange(
      isHigh ? format.kernelStart : VirtualAddress(0), VirtualAddress(isHigh ? 0 : .max))
  }

  /// The same in one range or two, of which the last includes the last byte of all: leaves must lie
  /// in a range as a whole to be removed.
  var parts: [VirtualRange] {
    guard format.hasHighHalf, !format.hasHighRoot else { return [everything] }
    let border = format.kernelStart
    return [VirtualRange(VirtualAddress(0), border), VirtualRange(border, VirtualAddress(0))]
  }

  init(_ description: String, _ format: TranslationFormat, frameBits: UInt, isHigh: Bool = false) {
    self.description = description
    self.format = format
    self.frameBits = frameBits
    let page = format.pageSize.bytes.rawValue
    let upper = format.kernelStart.rawValue
    let mask = UInt.max >> UInt(UInt.bitWidth - Int(format.virtualAddressBits))
    var places: [UInt] = [0, mask &- (4 &* page &- 1)]
    for level in 1...format.root.rawValue {
      places.append(format.span(of: TranslationLevel(level)).rawValue &- 8 &* page)
      places.append(2 &* format.span(of: TranslationLevel(level)).rawValue & mask)
    }
    if isHigh { places = places.map { $0 | upper } }
    if format.hasHighHalf, !format.hasHighRoot {
      places.append(upper)
      places = places.map { format.canonical(VirtualAddress($0)).rawValue }
      places.append(upper ^ UInt.max &- (4 &* page &- 1))
    }
    self.places = places
  }

  /// Every geometry, and two whose tables translate the high half.
  public static var all: [TableGeometry] {
    let arm64: [(PageSize, UInt8, UInt8, Bool)] = [
      (.size4K, 39, 48, false), (.size4K, 48, 48, false), (.size4K, 48, 48, true),
      (.size16K, 36, 48, false), (.size16K, 47, 48, false), (.size16K, 48, 48, true),
      (.size64K, 42, 48, false), (.size64K, 48, 48, false), (.size64K, 52, 52, false),
    ]
    return [
      TableGeometry("x86-64, 4 levels", .x86_64(), frameBits: 40),
      TableGeometry("x86-64, 5 levels", .x86_64(virtualAddressBits: 57), frameBits: 40),
      TableGeometry("i386", .i386, frameBits: 20),
      TableGeometry("i386 PAE", .i386PAE(), frameBits: 24),
    ]
      + arm64.map { size, virtual, physical, isHigh in
        TableGeometry(
          "arm64, \(size.bytes.rawValue >> 10) KiB, \(virtual) bits\(isHigh ? ", high half" : "")",
          .arm64(pageSize: size, virtualAddressBits: virtual, physicalAddressBits: physical),
          frameBits: UInt(physical - size.shift), isHigh: isHigh)
      }
  }
}

/// Where tables or iterations part from the model.
public struct Disagreement: Error, CustomStringConvertible {
  public let description: String

  init(_ description: String) { self.description = description }
}

/// Throws unless both are equal.
@inline(__always)
func agree<Value: Equatable>(
  _ actual: Value, _ model: Value, _ what: @autoclosure () -> String
) throws(Disagreement) {
  guard actual != model else { return }
  throw Disagreement("\(what()): \(actual), but the model has \(model)")
}
