public import MemoryTypes

/// How the memory of each processor is cut: a unit for each, side by side, all alike.
///
///     unit:  static | reserved | dynamic | nothing, up to the unit's size
///
/// Linux: `struct pcpu_alloc_info`, `pcpu_build_alloc_info()`, mm/percpu.c (6.12).
public struct PerCPULayout: Hashable, Sendable {
  /// What the linker laid out, in bytes.
  public let staticSize: ByteCount
  /// For the static data of modules.
  public let reservedSize: ByteCount
  /// For `allocate` from the first chunk: what was asked for and what rounding left.
  public let dynamicSize: ByteCount
  /// The distance from one processor's memory to the next one's: whole pages.
  public let unitSize: ByteCount
  /// What chunks are multiples of.
  public let atomSize: ByteCount
  /// Units in each multiple.
  public let unitsPerAllocation: Int
  public let processors: Int
  public let pageSize: PageSize

  /// Sizes are in bytes; `atomSize` is a power of two of pages (a huge page where the first chunk
  /// lies in the direct map, else a page). `groups` are the nodes with processors, as many each:
  /// no multiple of atoms has units of two.
  public init(
    staticSize: ByteCount, reservedSize: ByteCount = ByteCount(8 << 10),
    dynamicSize: ByteCount = ByteCount(28 << 10), atomSize: ByteCount, processors: Int,
    groups: Int = 1, pageSize: PageSize
  ) {
    precondition(processors > 0 && groups > 0, "a machine has a processor")
    precondition(reservedSize.rawValue % 4 == 0, "the reserved area is not made of units of 4")
    self.staticSize = staticSize
    self.reservedSize = reservedSize
    let dynamic = max(dynamicSize, ByteCount(20 << 10))
    let sum = pageSize.roundUp(self.staticSize + reservedSize + dynamic)
    self.dynamicSize = sum - self.staticSize - reservedSize
    self.atomSize = max(atomSize, pageSize.bytes)
    let least = max(sum, Self.minimumUnitSize)
    let atom = self.atomSize.rawValue
    let multiple = (least.rawValue + atom - 1) / atom * atom
    let units = Self.units(in: multiple, of: least.rawValue, processors, groups, pageSize)
    unitsPerAllocation = Int(units)
    unitSize = ByteCount(multiple / units)
    self.processors = processors
    self.pageSize = pageSize
  }

  /// The largest object there can be. Linux: `PCPU_MIN_UNIT_SIZE`.
  public static var minimumUnitSize: ByteCount { ByteCount(32 << 10) }

  /// What of a unit is in use in the first chunk.
  public var usedSize: ByteCount { staticSize + reservedSize + dynamicSize }

  /// Where the area begins that serves `allocate(reserved:)`, counted from the unit.
  var reservedStart: Int { Int((staticSize.rawValue &+ 3) & ~3) }

  /// The same for the other requests.
  var dynamicStart: Int { reservedStart + Int(reservedSize.rawValue) }

  /// The bytes of a multiple of atoms. Linux: `ai->alloc_size`.
  public var allocationSize: ByteCount {
    ByteCount(unitSize.rawValue * UInt(unitsPerAllocation))
  }

  /// The units of all processors.
  public var chunkSize: ByteCount { ByteCount(unitSize.rawValue * UInt(processors)) }

  /// Where the memory of processor `n` stands, counted from that of the first.
  ///
  /// Linux: `pcpu_unit_offsets`.
  @inline(__always)
  public func unitOffset(of n: Int) -> UInt { UInt(bitPattern: n) &* unitSize.rawValue }

  var pagesPerUnit: Int { Int(pageSize.pages(in: unitSize).rawValue) }

  /// How many units a multiple of atoms is best cut into: few multiples, and no more than a third
  /// of the processors' worth of units that nobody has.
  private static func units(
    in multiple: UInt, of least: UInt, _ processors: Int, _ groups: Int, _ pageSize: PageSize
  ) -> UInt {
    let processors = UInt(processors)
    let groups = UInt(groups)
    let each = (processors + groups - 1) / groups
    var best: UInt = 1
    var fewest = UInt.max
    var units = multiple / least
    while units > 0 {
      defer { units -= 1 }
      let isEven = multiple % units == 0 && multiple / units & pageSize.offsetMask == 0
      let needed = groups * ((each + units - 1) / units)
      guard isEven, needed * units - processors <= processors / 3 else { continue }
      if needed > fewest { break }
      fewest = needed
      best = units
    }
    return best
  }
}
