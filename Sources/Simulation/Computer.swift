internal import AddressSpaces
public import KernelCore
internal import KernelHeap
public import Machine
public import MemoryTypes
public import PhysicalMemory

/// A booted machine: simulated hardware with the kernel on it.
public final class Computer {
  public let configuration: MachineConfiguration
  public let hardware: SimulatedHardware
  public var kernel: Kernel<SimulatedHardware>
  /// What there was before the page allocator, and what it left to that.
  private let memblock: Memblock
  private let ram: SimulatedRAM
  private let storage: HardwareStorage

  /// Builds the hardware, hands all RAM from memblock to the page allocator, and boots the kernel.
  ///
  /// - Parameter hasContents: Programs store bytes; without, only what pages they use is known, and
  ///   their frames cost the host nothing.
  /// - Throws: `SimulationError` when the host or the machine has too little memory.
  public init(
    _ configuration: MachineConfiguration, hasContents: Bool = true
  ) throws(SimulationError) {
    let description = configuration.description
    var settings = configuration.settings
    settings.hasContents = hasContents
    let ram = try SimulatedRAM(description.ramSize, description.pageSize)
    let storage = HardwareStorage(description)
    // SAFETY: RAM and storage are zeroed, large enough, and live as long as this object.
    let hardware = unsafe SimulatedHardware(
      description, ram: ram.base, storage: storage.base)
    do {
      var memblock = try Memblock.describing(hardware.directMap)
      let pages = try PageAllocator.boot(
        memblock: &memblock, directMap: hardware.directMap, untouched: ram.untouched)
      try SlabHeap.boot(HeapOptions(design: configuration.slab), on: pages)
      kernel = try Kernel(
        hardware: hardware, pages: pages, format: description.translationFormat,
        settings: settings)
      self.memblock = memblock
    } catch {
      throw .tooLittleMemory(bytes: description.ramSize.rawValue)
    }
    self.configuration = configuration
    self.hardware = hardware
    self.ram = ram
    self.storage = storage
  }

  public var pages: Ref<PageAllocator> { kernel.pages }

  /// Writes what /proc/iomem says of memory. There is no image of a kernel in it.
  public func writeResources(to sink: inout some TextSink) {
    let nowhere = PhysicalRange(PhysicalAddress(0), PhysicalAddress(0))
    let image = KernelImage(code: nowhere, data: nowhere)
    memblock.forEachResource(image, configuration.pageSize) { $0.write(to: &sink) }
  }
}

/// Host memory for the processors' MMUs and TLBs.
@safe
private final class HardwareStorage {
  let base: UnsafeMutableRawPointer

  init(_ description: MachineDescription) {
    let size = Int(SimulatedHardware.storageSize(for: description).rawValue)
    unsafe base = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
    unsafe base.initializeMemory(as: UInt8.self, repeating: 0, count: size)
  }

  deinit { unsafe base.deallocate() }
}
