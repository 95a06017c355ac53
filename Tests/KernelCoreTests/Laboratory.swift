import AddressSpaces
import KernelCore
import Machine
import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

/// A small machine with the kernel on it.
@safe
final class Laboratory {
  static let base: UInt = 0x4000_0000
  static let pageBytes: UInt = 4096

  let arena = Arena()
  let hardware: SimulatedHardware
  let pages: Ref<PageAllocator>
  var kernel: Kernel<SimulatedHardware>
  private var freeAtBoot = PageCount.zero

  init(
    _ architecture: Architecture = .x86_64, frames: UInt = 4096,
    limits: ResourceLimits = ResourceLimits()
  ) throws {
    let ram = ByteCount(frames * Self.pageBytes)
    let description: MachineDescription =
      switch architecture {
      case .x86_64: .x86_64(ram: ram)
      case .i386: .i386(ram: ram)
      case .arm64: .arm64_4K(ram: ram)
      }
    hardware = Self.build(description, in: arena)
    var memblock = try Memblock.describing(hardware.directMap)
    pages = try PageAllocator.boot(
      memblock: &memblock, directMap: hardware.directMap,
      options: .plain(pageSize: hardware.directMap.pageSize))
    kernel = try Kernel(
      hardware: hardware, pages: pages, format: description.translationFormat,
      settings: KernelSettings(
        layout: .standard(
          architecture, pageSize: .size4K, virtualAddressBits: description.virtualAddressBits),
        limits: limits))
    freeAtBoot = kernel.freeAtBoot
  }

  private static func build(
    _ description: MachineDescription, in arena: Arena
  ) -> SimulatedHardware {
    let ram = unsafe arena.memory(byteCount: Int(description.ramSize.rawValue))
    let storage = unsafe arena.memory(
      byteCount: Int(SimulatedHardware.storageSize(for: description).rawValue), alignment: 16)
    // SAFETY: both are zeroed, large enough, and live as long as the arena.
    return unsafe SimulatedHardware(description, ram: ram, storage: storage)
  }

  /// Ends tasks and lets go of files: nothing may be left then.
  func end(
    _ tasks: [Ref<Task>], releasing files: [Ref<MappedFile>] = [],
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    for task in tasks { kernel.exit(task) }
    for file in files { kernel.services.release(file) }
    expectAsAtBoot(sourceLocation: sourceLocation)
  }

  /// Records an issue unless every frame is back and no promise is left.
  func expectAsAtBoot(sourceLocation: SourceLocation = #_sourceLocation) {
    kernel.shrinkCaches()
    #expect(
      pages.pointee.freePageCount == freeAtBoot, "frames were lost", sourceLocation: sourceLocation)
    #expect(
      kernel.services.pointee.commit.committed == .zero, "promises were lost",
      sourceLocation: sourceLocation)
  }
}

/// Programs, in pages from the base.
extension Laboratory {
  func address(_ page: Int) -> UInt { Self.base + UInt(page) * Self.pageBytes }

  /// Maps private anonymous memory at a fixed place, or what the flags say.
  func map(
    _ task: Ref<Task>, _ range: Range<Int>, _ protection: Protection = [.read, .write],
    _ flags: MapFlags = [.private, .anonymous], file: OpenFile = .none, offset: UInt64 = 0
  ) throws(Errno) {
    _ = try kernel.mmap(
      task, address: address(range.lowerBound), length: UInt(range.count) * Self.pageBytes,
      protection: UInt(protection.rawValue), flags: UInt(flags.union(.fixed).rawValue), file: file,
      offset: offset)
  }

  /// Accesses a byte as the task does.
  @discardableResult
  func access(
    _ task: Ref<Task>, _ address: UInt, _ access: MemoryAccess
  ) throws(FaultError) -> PhysicalAddress {
    kernel.switchTo(task)
    let address = VirtualAddress(address)
    for _ in 0..<3 {
      let physical: PhysicalAddress? = try? hardware.mmu.pointee.translate(address, access, .user)
      if let physical { return physical }
      try kernel.pageFault(task, at: address, access)
    }
    preconditionFailure("a served fault comes back for ever")
  }

  func write(_ task: Ref<Task>, _ byte: UInt8, _ page: Int) throws(FaultError) {
    let physical = try access(task, address(page), .write)
    unsafe hardware.directMap.pointer(to: physical).storeBytes(of: byte, as: UInt8.self)
  }

  func read(_ task: Ref<Task>, _ page: Int) throws(FaultError) -> UInt8 {
    let physical = try access(task, address(page), .read)
    return unsafe hardware.directMap.pointer(to: physical).load(as: UInt8.self)
  }

  func maps(_ task: Ref<Task>) -> String {
    var text = TextCollector()
    kernel.writeMaps(of: task, to: &text)
    return text.text
  }

  func makeFile(
    _ kind: MappedFile.Kind = .regular, size: UInt64, name: String
  ) throws(MapError) -> Ref<MappedFile> {
    let bytes = Array(name.utf8)
    return try kernel.services.makeFile(
      kind, size: size, name: bytes.span, alignsToHugePages: false)
  }
}
