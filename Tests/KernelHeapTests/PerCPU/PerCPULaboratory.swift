import KernelHeap
import MemoryTypes
import PhysicalMemory
import Testing

/// A machine with a per-CPU allocator whose later chunks lie in addresses of their own.
@safe
final class PerCPULaboratory {
  let machine: Laboratory
  let space = TestSpace()
  private let place: UnsafeMutablePointer<PerCPUAllocator>

  init(
    frames: UInt = 4096, processors: Int = 3, hasSpace: Bool = true, layout: PerCPULayout? = nil
  ) throws {
    machine = try Laboratory(frames: frames)
    unsafe place = .allocate(capacity: 1)
    let layout = layout ?? Self.layout(processors)
    unsafe place.initialize(
      to: try PerCPUAllocator(
        layout, pages: machine.pages, space: hasSpace ? space.functions : nil))
  }

  deinit {
    unsafe place.deinitialize(count: 1)
    unsafe place.deallocate()
  }

  static func layout(_ processors: Int) -> PerCPULayout {
    PerCPULayout(
      staticSize: ByteCount(5003), atomSize: ByteCount(4096), processors: processors,
      pageSize: .size4K)
  }

  var allocator: Ref<PerCPUAllocator> { unsafe Ref(place) }

  /// Ends the allocator and expects every frame and address back.
  func end() throws {
    try allocator.pointee.destroy()
    #expect(machine.isAsAtBoot)
    #expect(space.isUnused)
  }
}

/// Host memory that plays addresses with and without frames.
@safe
final class TestSpace: @unchecked Sendable {
  private var areas: [UInt: UInt] = [:]
  private var frames: [UInt: UInt] = [:]
  /// How many maps still succeed; nil for all.
  var mapsLeft: Int?

  var isUnused: Bool { areas.isEmpty && frames.isEmpty }
  var mappedCount: Int { frames.count }
  var areaCount: Int { areas.count }

  var functions: PerCPUSpace {
    let context = unsafe Unmanaged.passUnretained(self).toOpaque()
    return unsafe PerCPUSpace(
      context: context,
      reserve: { unsafe TestSpace.of($0).reserve($1) },
      release: { unsafe TestSpace.of($0).release($1, $2) },
      map: { unsafe TestSpace.of($0).map($1, $2) },
      unmap: { unsafe TestSpace.of($0).unmap($1) })
  }

  private static func of(_ context: UnsafeMutableRawPointer?) -> TestSpace {
    unsafe Unmanaged<TestSpace>.fromOpaque(context!).takeUnretainedValue()
  }

  private func reserve(_ byteCount: UInt) -> UInt {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: Int(byteCount), alignment: 4096)
    let address = UInt(bitPattern: memory)
    areas[address] = byteCount
    return address
  }

  private func release(_ address: UInt, _ byteCount: UInt) {
    precondition(areas.removeValue(forKey: address) == byteCount, "releases what is not reserved")
    precondition(
      !frames.keys.contains { $0 &- address < byteCount }, "releases addresses with frames")
    unsafe UnsafeMutableRawPointer(bitPattern: address)!.deallocate()
  }

  private func map(_ address: UInt, _ frame: UInt) -> Bool {
    if let left = mapsLeft {
      if left == 0 { return false }
      mapsLeft = left - 1
    }
    precondition(frames.updateValue(frame, forKey: address) == nil, "maps a page twice")
    fill(address, 0xA5)
    return true
  }

  private func unmap(_ address: UInt) -> UInt {
    fill(address, 0xDB)
    return frames.removeValue(forKey: address)!
  }

  private func fill(_ address: UInt, _ byte: UInt8) {
    unsafe UnsafeMutableRawPointer(bitPattern: address)!
      .initializeMemory(as: UInt8.self, repeating: byte, count: 4096)
  }
}
