public import MemoryTypes
public import PhysicalMemory

/// A flattened device tree (DTB), as arm64 firmware hands it over.
///
/// Linux: `early_init_dt_scan()`, drivers/of/fdt.c. Source: Devicetree Specification 0.4, chapter 5.
/// Nothing is copied or kept: each question walks the blob once, O(its size), whatever is in it.
public struct DeviceTree: MemoryMap {
  private let blob: FirmwareBytes
  let structure: FirmwareBytes
  let strings: FirmwareBytes
  private let reservations: UInt64

  /// Checks the header of the blob that begins at the first of `bytes`, which may go on after it.
  public init(_ bytes: FirmwareBytes) throws(FirmwareError) {
    func header(_ index: UInt64) throws(FirmwareError) -> UInt64 {
      guard let value = bytes.bigEndian(at: 4 * index, width: 4) else { throw .truncated }
      return value
    }
    guard try header(0) == 0xd00d_feed else { throw .noMagicNumber }
    guard try header(5) >= 17, try header(6) <= 17 else { throw .unsupportedVersion }
    guard let blob = bytes.slice(0, count: try header(1)),
      let structure = blob.slice(try header(2), count: try header(9)),
      let strings = blob.slice(try header(3), count: try header(8))
    else { throw .truncated }
    self.blob = blob
    self.structure = structure
    self.strings = strings
    reservations = try header(4)
  }

  /// The size of the whole blob. Linux: `fdt_totalsize()`.
  public var size: ByteCount { ByteCount(UInt(blob.count)) }

  /// Tells `body` all memory and all reservations, in the blob's order, reservations of the header
  /// first. Neither sorted nor free of overlaps; empty ranges are left out.
  public func forEachMemoryRange(
    _ body: (PhysicalRange, FirmwareMemory) -> Void
  ) throws(FirmwareError) {
    try forEachFact { fact in
      switch fact {
      case .memory(let range, _): body(range, .usable)
      case .reserved(let range, let isMapped): body(range, isMapped ? .reserved : .notMapped)
      case .wanted, .distance: break
      }
    }
  }

  /// Tells `body` all that the blob says about memory and nodes, in its order, reservations of the
  /// header first. Throws when it is broken; `body` may have been told a part by then.
  public func forEachFact(_ body: (DeviceTreeFact) -> Void) throws(FirmwareError) {
    try forEachHeaderReservation { body(.reserved($0, isMapped: true)) }
    var scan = DeviceTreeMemoryScan()
    var cursor = DeviceTreeCursor(self)
    while let token = try cursor.next() { try scan.take(token, body) }
  }

  private func forEachHeaderReservation(
    _ body: (PhysicalRange) -> Void
  ) throws(FirmwareError) {
    var offset = reservations
    while true {
      guard let start = blob.bigEndian(at: offset, width: 8),
        let count = blob.bigEndian(at: offset + 8, width: 8)
      else { throw .truncated }
      if start == 0 && count == 0 { return }
      if count > 0 { body(PhysicalRange(PhysicalAddress(start), count: count)) }
      offset += 16
    }
  }
}
