public import AddressSpaces
public import KernelCore
public import KernelHeap
public import Machine
public import MemoryTypes
public import Recordings

/// A machine as a person describes it, and the limits its programs run under.
///
/// Starts from a preset or a recording's header; single settings then override.
public struct MachineConfiguration: Hashable, Sendable {
  public var name: String
  public var architecture: Architecture
  public var pageSize: PageSize
  public var virtualAddressBits: UInt8
  /// Bytes of RAM that are simulated.
  public var ram: ByteCount
  public var processors = 1
  /// What each processor caches of its page tables; nil for the architecture's usual processor.
  public var tlb: TLBModel?
  /// How the kernel's heap keeps its objects.
  public var slab = SlabDesign.slub
  public var version = LinuxVersion.v6_18
  /// `transparent_hugepage/enabled`.
  public var hugePages = HugePagePolicy.madvise
  public var overcommit = CommitAccount.Policy.heuristic
  /// What the kernel was built with and what its processor can.
  public var features = KernelFeatures.standard
  public var limits = ResourceLimits()
  /// RAM as the overcommit rule counts it, where it is not the simulated RAM (a recording's machine).
  public var accountedMemory: ByteCount?
  /// What the recording's own layout says, where it differs from the architecture's usual one.
  public var layoutOverrides = LayoutOverrides()
  /// Where searches for free addresses begin, and how they go.
  public var placement = PlacementDesign.topDown
  /// The seed of address-space randomisation; nil for none.
  public var layoutSeed: UInt64?
  /// Memory file systems have huge pages. Linux: `transparent_hugepage/shmem_enabled`.
  public var alignsSharedMemory = false

  public init(
    name: String, architecture: Architecture, pageSize: PageSize, virtualAddressBits: UInt8,
    ram: ByteCount, tlb: TLBModel? = nil
  ) {
    self.name = name
    self.tlb = tlb
    self.architecture = architecture
    self.pageSize = pageSize
    self.virtualAddressBits = virtualAddressBits
    self.ram = ram
  }

  /// The parts of a user layout that a recording's header may state.
  public struct LayoutOverrides: Hashable, Sendable {
    public var taskSize: VirtualAddress?
    public var minimumAddress: VirtualAddress?
    public var stackGuardGap: ByteCount?

    public init() {}
  }

  /// The hardware that this describes.
  public var description: MachineDescription {
    var machine: MachineDescription =
      switch architecture {
      case .x86_64: .x86_64(ram: ram)
      case .i386: .i386(ram: ram)
      case .arm64: .arm64_4K(ram: ram)
      }
    machine.pageSize = pageSize
    machine.virtualAddressBits = min(virtualAddressBits, widestTables)
    machine.ramSize = ByteCount(ram.rawValue & ~pageSize.offsetMask)
    machine.processors = processors
    if let tlb { machine.tlb = tlb }
    return machine
  }

  /// The widest addresses that tables of this geometry translate.
  private var widestTables: UInt8 {
    switch architecture {
    case .i386: 32
    case .x86_64: 48
    case .arm64: pageSize == .size4K ? 48 : 52
    }
  }

  /// Where user space has what.
  public var layout: UserLayout {
    var layout = UserLayout.standard(
      architecture, pageSize: pageSize, virtualAddressBits: virtualAddressBits,
      stackLimit: limits.stack)
    if let taskSize = layoutOverrides.taskSize { layout.taskSize = taskSize }
    if let minimum = layoutOverrides.minimumAddress { layout.minimumAddress = minimum }
    if let gap = layoutOverrides.stackGuardGap { layout.stackGuardGap = gap }
    layout.alignsSharedMemory = alignsSharedMemory
    if architecture == .arm64, !KernelRules(version).contains(.hintsGoLower) {
      layout.minimumHint = VirtualAddress(32768)
    }
    if placement.goesUp { layout.placeBottomUp() }
    layout.keepsHole = placement.keepsHole
    if let layoutSeed {
      var generator = SeededGenerator(seed: layoutSeed)
      layout.randomize(stackLimit: limits.stack, using: &generator)
    }
    return layout
  }

  /// What the kernel is told at boot.
  public var settings: KernelSettings {
    var settings = KernelSettings(
      layout: layout, limits: limits, version: version, overcommit: overcommit,
      totalPages: accountedMemory.map { pageSize.pages(in: $0) })
    settings.hugePages = hugePages
    settings.features = features
    return settings
  }
}

extension MachineConfiguration {
  /// Takes over what a recording's header says of its machine.
  public mutating func adopt(_ header: RecordingHeader) {
    if let kernel = header.kernel.flatMap(LinuxVersion.init(parsing:)) { version = kernel }
    if let size = header.pageSize, let known = PageSize(bytes: size) { pageSize = known }
    if let mode = header.overcommit.flatMap({ CommitAccount.Policy(rawValue: UInt8(clamping: $0)) })
    {
      overcommit = mode
    }
    switch header.transparentHugePages {
    case "always": hugePages = .always
    case "never": hugePages = .never
    default: break
    }
    alignsSharedMemory = !["never", "deny", nil].contains(header.sharedMemoryHugePages)
    adoptLimits(header)
    if let bytes = header.totalMemory { accountedMemory = ByteCount(UInt(bytes)) }
    adoptLayout(header)
    adoptArchitecture(header)
  }

  private mutating func adoptLayout(_ header: RecordingHeader) {
    if let address = header.taskSize { layoutOverrides.taskSize = VirtualAddress(UInt(address)) }
    if let address = header.mmapMinimumAddress {
      layoutOverrides.minimumAddress = VirtualAddress(UInt(address))
    }
    if let pages = header.stackGuardGapPages {
      layoutOverrides.stackGuardGap = pageSize.bytes(in: PageCount(UInt(pages)))
    }
  }

  private mutating func adoptArchitecture(_ header: RecordingHeader) {
    switch header.architecture {
    case "x86_64": (architecture, virtualAddressBits) = (.x86_64, 48)
    case "i686", "i386":
      (architecture, virtualAddressBits) = (.i386, 32)
      // Two-level tables name frames below 4 GiB, where devices are too.
      ram = min(ram, ByteCount(3 << 30))
    case "aarch64", "arm64":
      architecture = .arm64
      if let size = header.taskSize { virtualAddressBits = UInt8(size.trailingZeroBitCount) }
    default: break
    }
  }

  private mutating func adoptLimits(_ header: RecordingHeader) {
    if let bytes = header.stackLimit { limits.stack = ByteCount(UInt(bytes)) }
    if let bytes = header.addressSpaceLimit { limits.addressSpace = ByteCount(UInt(bytes)) }
    if let bytes = header.dataLimit { limits.data = ByteCount(UInt(bytes)) }
    if let bytes = header.lockedLimit { limits.locked = ByteCount(UInt(bytes)) }
    if let count = header.maxMapCount { limits.maximumVMAs = Int(clamping: count) }
  }
}

extension PageSize {
  /// A size of 4, 16 or 64 KiB; nil for any other.
  public init?(bytes: UInt64) {
    switch bytes {
    case 4096: self = .size4K
    case 16384: self = .size16K
    case 65536: self = .size64K
    default: return nil
    }
  }
}

extension LinuxVersion {
  /// The first two numbers of a release such as `6.18.44-generic`; nil when it does not begin so.
  public init?(parsing release: String) {
    let parts = release.split(separator: ".", maxSplits: 2)
    guard parts.count >= 2, let major = Int(parts[0]),
      let minor = Int(parts[1].prefix { $0.isNumber })
    else { return nil }
    self.init(major, minor)
  }
}
