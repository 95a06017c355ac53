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
  /// A clear bit for each frame, outside RAM: none was touched.
  let untouched: Bitmap

  /// Reserves `count` zeroed bytes, aligned to 2 MiB so that any page size fits.
  ///
  /// - Throws: `SimulationError.noHostMemory` when the host refuses even to promise them.
  init(_ count: ByteCount, _ pageSize: PageSize) throws(SimulationError) {
    let alignment = 2 << 20
    let frames = Int(pageSize.pages(in: count).rawValue)
    let bitBytes = Bitmap.wordCount(for: frames) * MemoryLayout<UInt>.size
    let length = Int(count.rawValue) + alignment + bitBytes
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
    // SAFETY: behind RAM the region has room for the bits, zeroed and never moved.
    let words = unsafe (base + Int(count.rawValue)).assumingMemoryBound(to: UInt.self)
    untouched = unsafe Bitmap(words, count: frames)
  }

  deinit { unsafe munmap(reservation, reservedCount) }

  private let reservation: UnsafeMutableRawPointer
  private let reservedCount: Int
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
