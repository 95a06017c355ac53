public import MemoryTypes

/// What firmware says about a stretch of physical memory.
public enum FirmwareMemory: Equatable, Sendable {
  /// RAM, unless something else says `reserved` for a part of it.
  case usable
  /// Not for the kernel: firmware's own, the boot loader's, or a device's.
  case reserved
}

/// A half-open stretch of physical addresses; `end` saturates at the last address.
public struct PhysicalRange: Equatable, Sendable {
  public var start: PhysicalAddress
  public var end: PhysicalAddress

  public init(_ start: PhysicalAddress, _ end: PhysicalAddress) {
    self.start = start
    self.end = end
  }

  /// `count` bytes from `start` on, cut where addresses end: blobs may claim anything.
  public init(_ start: UInt64, count: UInt64) {
    let (end, overflow) = start.addingReportingOverflow(count)
    self.init(PhysicalAddress(start), PhysicalAddress(overflow ? .max : end))
  }

  public var isEmpty: Bool { end <= start }
}

/// Why a blob of firmware was refused.
public enum FirmwareError: Error, Equatable {
  case noMagicNumber
  case unsupportedVersion
  /// Something points, or goes on, beyond the end of the blob.
  case truncated
  /// The pieces are there but do not fit together.
  case malformed

  /// One line for the console.
  public var reason: StaticString {
    switch self {
    case .noMagicNumber: "firmware data without its magic number"
    case .unsupportedVersion: "firmware data of an unsupported version"
    case .truncated: "firmware data ends too early"
    case .malformed: "firmware data is malformed"
    }
  }
}
