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

  init(_ description: MachineDescription) throws {
    ramSize = Int(description.ramSize.rawValue)
    // SAFETY: an anonymous mapping is zeroed and page-aligned; `deinit` gives both pieces back.
    unsafe ram = mmap(
      nil, ramSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    unsafe storage = UnsafeMutableRawPointer.allocate(
      byteCount: Int(SimulatedHardware.storageSize(for: description).rawValue), alignment: 16)
    hardware = unsafe SimulatedHardware(description, ram: ram, storage: storage)
    var memblock = try Memblock.describing(hardware.directMap)
    pages = try PageAllocator.boot(
      memblock: &memblock, directMap: hardware.directMap)
  }

  deinit {
    unsafe munmap(ram, ramSize)
    unsafe storage.deallocate()
  }
}
