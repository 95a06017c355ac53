internal import MemoryTypes

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The RAM of a simulated machine: one region of host memory that costs nothing until it is touched.
@safe
final class SimulatedRAM {
  let base: UnsafeMutableRawPointer
  let count: ByteCount

  /// Reserves `count` zeroed bytes, aligned to 2 MiB so that any page size fits.
  ///
  /// - Throws: `SimulationError.noHostMemory` when the host refuses even to promise them.
  init(_ count: ByteCount) throws(SimulationError) {
    let alignment = 2 << 20
    let length = Int(count.rawValue) + alignment
    let region = unsafe mmap(
      nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    guard let region = unsafe region, unsafe region != MAP_FAILED else {
      throw .noHostMemory(bytes: count.rawValue)
    }
    unsafe reservation = region
    reservedCount = length
    let aligned = (Int(bitPattern: region) + alignment - 1) & ~(alignment - 1)
    unsafe base = UnsafeMutableRawPointer(bitPattern: aligned)!
    self.count = count
    unsafe Self.preferHugePages(base, Int(count.rawValue))
  }

  deinit { unsafe munmap(reservation, reservedCount) }

  private let reservation: UnsafeMutableRawPointer
  private let reservedCount: Int

  /// Fewer faults on the host; refusing it costs speed only.
  private static func preferHugePages(_ base: UnsafeMutableRawPointer, _ count: Int) {
    #if os(Linux)
      _ = unsafe madvise(base, count, MADV_HUGEPAGE)
    #endif
  }
}

/// Why a machine could not be simulated.
public enum SimulationError: Error, Hashable, Sendable, CustomStringConvertible {
  case noHostMemory(bytes: UInt)
  case tooLittleMemory(bytes: UInt)

  public var description: String {
    switch self {
    case .noHostMemory(let bytes):
      "the host refuses to reserve \(bytes) bytes for the machine's RAM"
    case .tooLittleMemory(let bytes): "\(bytes) bytes of RAM are too little for the kernel to boot"
    }
  }
}
