import Machine
import MemoryTypes
import TestSupport
import Testing

@Suite("Simulated hardware")
struct SimulatedHardwareTests {
  @Test("an invalidation reaches the TLBs of all processors")
  func shootdown() throws {
    let arena = Arena()
    var description = MachineDescription.x86_64(ram: ByteCount(1 << 16))
    description.processors = 3
    let storage = Int(bitPattern: SimulatedHardware.storageSize(for: description).rawValue)
    let hardware = unsafe SimulatedHardware(
      description, ram: arena.memory(byteCount: 1 << 16),
      storage: arena.memory(byteCount: storage, alignment: 16))
    let format = description.translationFormat
    let page = VirtualAddress(0)
    for frame in 0..<3 as Range<UInt> {
      let table = format.tableDescriptor(PageFrameNumber(frame + 1), for: page)
      format.store(table, at: PhysicalAddress(UInt64(frame) << 12), in: hardware.directMap)
    }
    let leaf = format.leafDescriptor(PageFrameNumber(4), [.read, .write, .user])
    format.store(leaf, at: PhysicalAddress(3 << 12), in: hardware.directMap)
    for index in 0..<3 {
      let processor = hardware.processor(index)
      #expect(processor.processorIndex == index)
      processor.loadRoot(PageFrameNumber(0), asid: ASID(5))
      try processor.mmu.pointee.store(UInt8(index), at: page, .user)
    }
    format.store(0, at: PhysicalAddress(3 << 12), in: hardware.directMap)
    #expect(hardware.processor(2).mmu.pointee.firstStaleTranslation() == page)
    hardware.invalidate(page, asid: ASID(5))
    for index in 0..<3 {
      #expect(hardware.processor(index).mmu.pointee.firstStaleTranslation() == nil)
    }
    #expect(hardware.invalidations.pages == 1)
  }

  @Test("before a root is loaded every access faults")
  func noRoot() {
    let arena = Arena()
    let description = MachineDescription.arm64_4K(ram: ByteCount(1 << 16))
    let storage = Int(bitPattern: SimulatedHardware.storageSize(for: description).rawValue)
    let hardware = unsafe SimulatedHardware(
      description, ram: arena.memory(byteCount: 1 << 16),
      storage: arena.memory(byteCount: storage, alignment: 16))
    let fault = #expect(throws: MMUFault.self) {
      try hardware.mmu.pointee.load(VirtualAddress(0), as: UInt8.self, .kernel)
    }
    #expect(fault?.kind == .tableAbort)
  }
}
