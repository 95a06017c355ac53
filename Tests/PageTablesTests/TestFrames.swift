import Machine
import MemoryTypes
import PageTables
import TestSupport
import Testing

/// A source of table frames that knows which are out, and fails when told to.
final class TestFrames {
  let directMap: DirectMap
  var plan = FaultPlan.none
  private(set) var live: Set<PageFrameNumber> = []
  private var free: [PageFrameNumber]
  private let arena = Arena()

  init(pageSize: PageSize, count: UInt = 256) {
    let bytes = count << UInt(pageSize.shift)
    let alignment = Int(bitPattern: pageSize.bytes.rawValue)
    directMap = unsafe DirectMap(
      base: arena.memory(byteCount: Int(bytes), alignment: alignment),
      start: PhysicalAddress(0x4000_0000), count: ByteCount(bytes), pageSize: pageSize)
    let first = directMap.frames.start
    free = (0..<count).reversed().map { first + PageCount($0) }
  }

  func allocateTableFrame() throws(AllocationError) -> PageFrameNumber {
    guard !plan.shouldFail(), let frame = free.popLast() else { throw .outOfMemory }
    live.insert(frame)
    let bytes = Int(bitPattern: directMap.pageSize.bytes.rawValue)
    unsafe directMap.pointer(to: frame).initializeMemory(
      as: UInt8.self, repeating: 0, count: bytes)
    return frame
  }

  func freeTableFrame(_ frame: PageFrameNumber) {
    #expect(live.remove(frame) != nil, "a table was freed twice")
    let bytes = Int(bitPattern: directMap.pageSize.bytes.rawValue)
    unsafe directMap.pointer(to: frame).initializeMemory(
      as: UInt8.self, repeating: 0xDB, count: bytes)
    free.append(frame)
  }

  /// An MMU over the same RAM.
  func makeMMU(_ format: TranslationFormat, _ root: PageFrameNumber) -> Ref<MMU> {
    let model = TLBModel.simple(sets: 4, ways: 2)
    let size = Int(bitPattern: TLBHierarchy.storageSize(for: model).rawValue)
    let tlb = unsafe TLBHierarchy(
      model, pageSize: format.pageSize, storage: arena.memory(byteCount: size, alignment: 16))
    return arena.make(MMU(format: format, memory: directMap, root: root, tlb: tlb))
  }
}

/// The geometries under test, and in each the addresses around which histories map pages.
struct Geometry: CustomTestStringConvertible {
  let format: TranslationFormat
  let places: [UInt]
  /// The last page number that tables of one root can translate.
  static func lastPage(_ format: TranslationFormat) -> UInt {
    let isWhole = format.hasHighHalf && !format.hasHighRoot
    let last = isWhole ? UInt.max : (1 << UInt(format.virtualAddressBits)) &- 1
    return last >> UInt(format.pageSize.shift)
  }

  var testDescription: String { "\(format.architecture), \(format.levelCount) levels" }

  static var all: [Geometry] {
    [
      Geometry(
        format: .x86_64(),
        places: [
          0, 0x20_0000, 0x4000_0000, 0x80_0000_0000, 0x7FFF_FFFF_4000, 0xFFFF_8000_0000_0000,
          0xFFFF_FFFF_FFFF_C000,
        ]),
      Geometry(
        format: .arm64(),
        places: [0, 0x20_0000, 0x4000_0000, 0x80_0000_0000, 0xFFFF_FFFF_8000]),
      Geometry(
        format: .i386, places: [0, 0x40_0000, 0x80_0000, 0xC000_0000, 0xFFFF_C000]),
      Geometry(
        format: .arm64(pageSize: .size16K, virtualAddressBits: 47),
        places: [0, 0x200_0000, 0x10_0000_0000, 0x7FFF_FFFF_0000]),
    ]
  }
}
