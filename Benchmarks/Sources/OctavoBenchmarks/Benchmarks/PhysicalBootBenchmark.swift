import Foundation
import Machine
import MemoryTypes
import PhysicalMemory

extension Benchmark {
  /// A machine of 256 GiB on a host that commits memory only where it is touched.
  static var boot: Benchmark {
    Benchmark(
      name: "boot", question: "boot the physical memory of a machine with 256 GiB",
      target: "at most 0.5 s and 400 MB resident"
    ) { pairs in
      var seconds: [Double] = []
      for _ in 0..<pairs {
        let before = residentBytes()
        let start = ContinuousClock.now
        let machine = try UntouchedMachine(ByteCount(256 << 30))
        seconds.append(start.duration(to: .now) / .seconds(1))
        let grown = residentBytes() - before
        FileHandle.standardError.write(
          Data("  resident: \(grown >> 20) MB, \(machine.freePages) pages free\n".utf8))
      }
      return .rate(seconds: seconds, units: 1, of: .runs)
    }
  }

  private static func residentBytes() -> Int {
    let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    let fields = text.split(separator: " ")
    return fields.count > 1 ? (Int(fields[1]) ?? 0) * 4096 : 0
  }
}

/// RAM that nobody ever wrote, with a bit per frame beside it.
@safe
private final class UntouchedMachine {
  private let region: UnsafeMutableRawPointer
  private let size: Int
  private let pages: Ref<PageAllocator>

  init(_ ram: ByteCount) throws {
    let frames = Int(ram.rawValue >> 12)
    size = Int(ram.rawValue) + Bitmap.wordCount(for: frames) * 8
    // SAFETY: an anonymous mapping is zeroed and page-aligned; `deinit` gives it back.
    unsafe region = mmap(
      nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    guard unsafe region != MAP_FAILED else { throw AllocationError.outOfMemory }
    let words = unsafe (region + Int(ram.rawValue)).assumingMemoryBound(to: UInt.self)
    let map = unsafe DirectMap(
      base: region, start: PhysicalAddress(0), count: ram, pageSize: .size4K)
    var memblock = try Memblock.describing(map)
    pages = try PageAllocator.boot(
      memblock: &memblock, directMap: map, untouched: unsafe Bitmap(words, count: frames))
  }

  deinit { unsafe munmap(region, size) }

  var freePages: UInt { pages.pointee.freePageCount.rawValue }
}
