public import PhysicalMemory

/// What firmware says about a stretch of physical memory.
public enum FirmwareMemory: Sendable {
  /// RAM, unless something else says `reserved` for a part of it.
  case usable
  /// Not for the kernel: firmware's own, the boot loader's, or a device's.
  case reserved
  /// Memory that the kernel must not even map, lest it be read ahead. Device tree: `no-map`.
  case notMapped
  /// ACPI tables, which a kernel may take over once it has read them.
  case tables
  /// What firmware needs kept while the machine sleeps. ACPI: NVS.
  case sleepStorage
  /// Broken memory.
  case unusable
}

/// Whatever can say which memory a machine has.
public protocol MemoryMap {
  /// Tells `body` all memory and all reservations, neither sorted nor free of overlaps.
  ///
  /// Throws when the table is broken; `body` may have been told a part by then.
  func forEachMemoryRange(
    _ body: (PhysicalRange, FirmwareMemory) -> Void
  ) throws(FirmwareError)

  /// Adds what the map says to `memblock`; the ranges above for a map that knows no more.
  func add(to memblock: inout Memblock) throws(BootError)
}

/// Why a table of firmware was refused.
public enum FirmwareError: Error, Equatable {
  case noMagicNumber
  case unsupportedVersion
  /// Something points, or goes on, beyond the end of the table.
  case truncated
  /// The pieces are there but do not fit together.
  case malformed

  /// One line for the console.
  public var reason: StaticString {
    switch self {
    case .noMagicNumber: "firmware table without its magic number"
    case .unsupportedVersion: "firmware table of an unsupported version"
    case .truncated: "firmware table that ends too early"
    case .malformed: "malformed firmware table"
    }
  }
}
