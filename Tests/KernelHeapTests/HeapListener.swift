import KernelHeap
import PhysicalMemory

/// A heap that is watched, and what it says.
@safe
final class HeapListener {
  let machine: Laboratory
  private let collected: UnsafeMutablePointer<[UInt8]>

  let design: SlabDesign

  init(_ design: SlabDesign, _ flags: SlabFlags = .fullDebugging) throws {
    self.design = design
    machine = try Laboratory()
    unsafe collected = .allocate(capacity: 1)
    unsafe collected.initialize(to: [])
    var options = HeapOptions(design: design)
    options.debugging = flags
    options.reports = unsafe HeapReports(context: collected, user: { _ in 0xBEEF }) {
      context, byte in
      unsafe context!.assumingMemoryBound(to: [UInt8].self).pointee.append(byte)
    }
    try SlabHeap.boot(options, on: machine.pages)
  }

  deinit {
    unsafe collected.deinitialize(count: 1)
    unsafe collected.deallocate()
  }

  var text: String { unsafe String(decoding: collected.pointee, as: UTF8.self) }
}
