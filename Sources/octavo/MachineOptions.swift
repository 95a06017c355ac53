import AddressSpaces
import ArgumentParser
import KernelHeap
import Machine
import MemoryTypes
import Recordings
import Simulation

/// The machine to replay on: what the recording says, unless an option says otherwise.
struct MachineOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("A preset, or a YAML file that describes the machine.", valueName: "M"),
    completion: .file(extensions: ["yaml", "yml"]))
  var machine: String?

  @Option(help: "The architecture.")
  var arch: ArchitectureName?

  @Option(help: "The size of a base page: 4K, 16K or 64K; replay takes several, as 4K,16K,64K.")
  var pageSize: Sizes?

  @Option(help: "The width of virtual addresses, in bits.")
  var vaBits: Int?

  @Option(help: "The size of the memory, such as 512M or 16G.")
  var ram: Size?

  @Option(
    help: ArgumentHelp(
      "The kernel whose rules count, such as 6.1, 6.12 or 6.18; see Docs/kernel-versions.md.",
      valueName: "RELEASE"))
  var linux: String?

  @Option(help: "How free addresses are found.")
  var placement: PlacementDesign?

  @Option(help: "Randomise the address-space layout, with this seed.")
  var layoutSeed: UInt64?

  @Option(help: "The number of processors.")
  var cpus: Int?

  @Option(
    help: ArgumentHelp("The processor whose TLBs it has, such as zen4.", valueName: "NAME"),
    completion: .list(TLBModel.presets.keys.sorted()))
  var tlb: String?

  @Option(
    help: ArgumentHelp(
      "How the kernel's heap keeps objects: slub, slab or slob; replay of heap traces takes several, "
        + "as slub,slob, and else all.", valueName: "DESIGN"),
    completion: .list(SlabDesign.available.map(\.name)))
  var slab: SlabDesigns?

  func validate() throws {
    if let tlb, TLBModel.presets[tlb] == nil {
      throw ValidationError("--tlb takes one of \(TLBModel.presetNames), not '\(tlb)'")
    }
    if let linux, LinuxVersion(parsing: linux) == nil {
      throw ValidationError("--linux takes a release such as 6.18, not '\(linux)'")
    }
    if let cpus, !(1...1024).contains(cpus) {
      throw ValidationError("--cpus takes 1 to 1024, not \(cpus)")
    }
    for size in pageSize?.sizes ?? [] where PageSize(bytes: UInt64(size.bytes.rawValue)) == nil {
      throw ValidationError("--page-size takes 4K, 16K or 64K, not \(size.bytes.rawValue) bytes")
    }
  }

  /// The page sizes asked for, in their order.
  var pageSizes: [PageSize] {
    (pageSize?.sizes ?? []).compactMap { PageSize(bytes: UInt64($0.bytes.rawValue)) }
  }

  /// The preset or file named, else the standard machine made like the recording's; then what single
  /// options say.
  ///
  /// - Parameter pageSize: One of those asked for; else the first.
  /// - Throws: `ValidationError` for a name that is neither a preset nor a file, `BadInput` for a file
  ///   that does not describe a machine.
  func configuration(
    for header: RecordingHeader? = nil, pageSize: PageSize? = nil
  ) throws -> MachineConfiguration {
    var configuration = try named()
    if let header { configuration.adopt(header) }
    if let arch { configuration.setArchitecture(arch.architecture) }
    if let size = pageSize ?? pageSizes.first { configuration.pageSize = size }
    if let version = linux.flatMap(LinuxVersion.init(parsing:)) { configuration.version = version }
    if let placement { configuration.placement = placement }
    if let layoutSeed { configuration.layoutSeed = layoutSeed }
    if let vaBits { configuration.virtualAddressBits = UInt8(clamping: vaBits) }
    if let ram { configuration.ram = ram.bytes }
    if let cpus { configuration.processors = cpus }
    if let tlb { configuration.tlb = TLBModel.presets[tlb] }
    if let designs = slab?.designs {
      guard designs.count == 1 else { throw ValidationError("a machine has one --slab") }
      configuration.slab = designs[0]
    }
    try Self.checkGeometry(of: configuration)
    return configuration
  }

  /// Refuses what no machine of the architecture has.
  private static func checkGeometry(of machine: MachineConfiguration) throws {
    let (pageSizes, widths, ramBits): ([PageSize], ClosedRange<UInt8>, UInt8) =
      switch machine.architecture {
      case .x86_64: ([.size4K], 47...48, 46)
      case .i386: ([.size4K], 32...32, 32)
      case .arm64: ([.size4K, .size16K, .size64K], 36...52, 47)
      }
    if !pageSizes.contains(machine.pageSize) {
      throw ValidationError("\(machine.architecture) has no pages of this size")
    }
    if !widths.contains(machine.virtualAddressBits) {
      throw ValidationError(
        "\(machine.architecture) has \(widths.lowerBound) to \(widths.upperBound) address bits")
    }
    // The last page below the limit stays out, so that no end of RAM wraps.
    if machine.ram.rawValue >= 1 << UInt(ramBits) {
      throw ValidationError("\(machine.architecture) has less than 2^\(ramBits) bytes of RAM")
    }
  }

  private func named() throws -> MachineConfiguration {
    guard let machine else { return .standard }
    if let preset = MachineConfiguration.presets[machine] { return preset }
    if machine.hasSuffix(".yaml") || machine.hasSuffix(".yml") {
      return try MachineConfiguration(yamlFile: machine)
    }
    let names = MachineConfiguration.presets.keys.sorted().joined(separator: ", ")
    throw ValidationError("--machine takes a .yaml file or one of \(names), not '\(machine)'")
  }
}

extension ArchitectureName {
  /// The machine module's value of the same name.
  var architecture: Architecture {
    switch self {
    case .x86_64: .x86_64
    case .i386: .i386
    case .arm64: .arm64
    }
  }
}
