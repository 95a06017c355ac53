public import MemoryTypes

/// What a machine is like, as a plain value chosen at run time: nothing in the core assumes it.
@frozen
public struct MachineDescription: Hashable, Sendable {
  public var architecture: Architecture
  public var pageSize: PageSize
  /// Bits of a virtual address that are translated: 32, 39, 48 …
  public var virtualAddressBits: UInt8
  /// Bits of a physical address that a descriptor may use; those above are reserved.
  public var physicalAddressBits: UInt8
  /// The first byte of RAM, aligned to a page.
  public var ramStart: PhysicalAddress
  /// The size of RAM, a multiple of the page size.
  public var ramSize: ByteCount
  /// The number of processors, at least 1.
  public var processors: Int
  /// What each processor caches of the tables.
  public var tlb: TLBModel

  public init(
    architecture: Architecture, pageSize: PageSize, virtualAddressBits: UInt8,
    physicalAddressBits: UInt8, ramStart: PhysicalAddress, ramSize: ByteCount,
    processors: Int, tlb: TLBModel
  ) {
    self.architecture = architecture
    self.pageSize = pageSize
    self.virtualAddressBits = virtualAddressBits
    self.physicalAddressBits = physicalAddressBits
    self.ramStart = ramStart
    self.ramSize = ramSize
    self.processors = processors
    self.tlb = tlb
  }

  /// How the page tables of this machine are read and written.
  public var translationFormat: TranslationFormat {
    switch architecture {
    case .x86_64:
      .x86_64(physicalAddressBits: physicalAddressBits)
    case .i386:
      .i386
    case .arm64:
      .arm64(
        pageSize: pageSize, virtualAddressBits: virtualAddressBits,
        physicalAddressBits: physicalAddressBits)
    }
  }
}

extension MachineDescription {
  /// An x86-64 machine with 4 KiB pages, four levels, and RAM from address 0.
  // swift-format-ignore: AlwaysUseLowerCamelCase
  public static func x86_64(ram: ByteCount) -> MachineDescription {
    MachineDescription(
      architecture: .x86_64, pageSize: .size4K, virtualAddressBits: 48, physicalAddressBits: 46,
      ramStart: PhysicalAddress(0), ramSize: PageSize.size4K.roundDown(ram), processors: 1,
      tlb: .zen4)
  }

  /// An arm64 machine with 4 KiB pages, 48 address bits, and RAM where QEMU's `virt` has it.
  // swift-format-ignore: AlwaysUseLowerCamelCase
  public static func arm64_4K(ram: ByteCount) -> MachineDescription {
    MachineDescription(
      architecture: .arm64, pageSize: .size4K, virtualAddressBits: 48, physicalAddressBits: 48,
      ramStart: PhysicalAddress(0x4000_0000), ramSize: PageSize.size4K.roundDown(ram),
      processors: 1, tlb: .neoverseN1)
  }

  /// An i386 machine without PAE: 4 KiB pages, two levels, RAM from address 0.
  public static func i386(ram: ByteCount) -> MachineDescription {
    MachineDescription(
      architecture: .i386, pageSize: .size4K, virtualAddressBits: 32, physicalAddressBits: 32,
      ramStart: PhysicalAddress(0), ramSize: PageSize.size4K.roundDown(ram), processors: 1,
      tlb: .bonnell)
  }
}

extension PageSize {
  fileprivate func roundDown(_ count: ByteCount) -> ByteCount {
    ByteCount(count.rawValue & ~offsetMask)
  }
}
