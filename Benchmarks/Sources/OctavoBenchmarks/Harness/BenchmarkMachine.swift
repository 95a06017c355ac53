import Foundation
import Machine
import MemoryTypes
import PhysicalMemory

/// A machine with booted physical memory, in host memory that goes away with it.
@safe
final class BenchmarkMachine {
  let hardware: SimulatedHardware
  let pages: Ref<PageAllocator>
  private let ram: UnsafeMutableRawPointer
  private let storage: UnsafeMutableRawPointer
  private let ramSize: Int

  /// - Parameter configure: Changes what the kernel's page allocator is configured with.
  init(
    _ description: MachineDescription, configure: (inout PageAllocatorOptions) -> Void = { _ in }
  ) throws {
    ramSize = Int(description.ramSize.rawValue)
    // SAFETY: an anonymous mapping is zeroed and page-aligned; `deinit` gives both pieces back.
    unsafe ram = mmap(
      nil, ramSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    unsafe storage = UnsafeMutableRawPointer.allocate(
      byteCount: Int(SimulatedHardware.storageSize(for: description).rawValue), alignment: 16)
    hardware = unsafe SimulatedHardware(description, ram: ram, storage: storage)
    var memblock = try Memblock.describing(hardware.directMap)
    var options = PageAllocatorOptions(pageSize: description.pageSize)
    configure(&options)
    pages = try PageAllocator.boot(
      memblock: &memblock, directMap: hardware.directMap, options: options)
  }

  deinit {
    unsafe munmap(ram, ramSize)
    unsafe storage.deallocate()
  }
}
