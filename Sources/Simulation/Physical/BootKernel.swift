internal import MemoryTypes
internal import PhysicalMemory
internal import Recordings

/// What a recorded kernel was built with, as far as its memory at boot depends on it.
struct BootKernel {
  enum Architecture {
    case arm64
    case x86
    case i386(hasPAE: Bool)
  }

  var architecture: Architecture
  var pageSize: PageSize
  /// Major and minor number.
  var version: (Int, Int)
  /// The names of the zones it has, in their order; those without a `Zone.Kind` never have memory.
  var zoneNames: [String]
  /// Whether transparent huge pages are built in.
  var knowsHugePages: Bool
  /// Whether they are not switched off for good.
  var usesHugePages: Bool
  var maximumOrder: Order
  /// The order of a page block. Linux: `pageblock_order`.
  var blockOrder: Order

  /// The nodes it knows; none where it is built without.
  var nodes: [BootRun.Node]
  /// The processors that run.
  var processors: UInt

  init(_ folder: BootFolder) throws(BadInput) {
    let knowsNodes = folder.zones.contains { $0.node > 0 }
    nodes = knowsNodes ? folder.run.nodes : []
    processors = folder.run.processors
    for case .processorsUp(let count?) in folder.log.map(\.event) { processors = count }
    architecture = try Self.architecture(folder)
    pageSize = try Self.pageSize(folder)
    version = Self.version(folder)
    var names: [String] = []
    for zone in folder.zones where zone.node == folder.zones[0].node { names.append(zone.name) }
    zoneNames = names
    knowsHugePages = folder.hugePages != nil
    usesHugePages = folder.hugePages.map { !$0.contains("[never]") } ?? false
    maximumOrder = Self.maximumOrder(pageSize)
    blockOrder = min(Self.hugeOrder(architecture, pageSize), maximumOrder)
  }

  var kinds: ZoneKinds {
    zoneNames.reduce(into: ZoneKinds.least) { kinds, name in
      if let kind = Zone.Kind(name: name) { kinds.formUnion(ZoneKinds(kind)) }
    }
  }

  /// Whether the high mark of per-CPU lists is tuned. From 6.7 on.
  var tunesLists: Bool { version >= (6, 7) }

  /// Whether Movable has a minimum of its own; before 6.6 only HighMem has.
  var sparesMovable: Bool { version >= (6, 6) }

  func layout(_ memblock: borrowing Memblock, _ run: BootRun) -> ZoneLayout {
    switch architecture {
    case .arm64:
      return .arm64(
        pageSize: pageSize, kinds: kinds, startOfDRAM: memblock.startOfDRAM ?? PhysicalAddress(0))
    case .x86: return .x86
    case .i386(let hasPAE):
      var map = LowMemoryMap(hasPAE: hasPAE)
      if let reserve = run.parameter("vmalloc").flatMap({ BootRun.size($0, unit: 1) }) {
        map.vmallocReserve = UInt32(clamping: reserve)
      }
      return .i386(map)
    }
  }

  private static func architecture(_ folder: BootFolder) throws(BadInput) -> Architecture {
    let name = folder.run.kernel
    if name.hasPrefix("arm64") || name.hasPrefix("aarch64") { return .arm64 }
    if name.hasPrefix("x86_64") || name.hasPrefix("amd64") { return .x86 }
    if name.hasPrefix("i386") || name.hasPrefix("i686") {
      return .i386(hasPAE: name.contains("pae"))
    }
    throw BadInput(
      file: folder.path, line: 0, expected: "a kernel named arm64-…, x86_64-… or i386-…",
      found: "\"\(name)\"")
  }

  private static func pageSize(_ folder: BootFolder) throws(BadInput) -> PageSize {
    let name = folder.run.kernel
    let named: UInt64 = name.contains("64k") ? 65536 : name.contains("16k") ? 16384 : 4096
    let bytes = folder.settings["pagesize"].flatMap { UInt64($0) } ?? named
    switch bytes {
    case 4096: return .size4K
    case 16384: return .size16K
    case 65536: return .size64K
    default:
      throw BadInput(
        file: folder.path, line: 0, expected: "a page size of 4096, 16384 or 65536",
        found: "\(bytes)")
    }
  }

  /// From the log, else from the end of the kernel's name: `61` is 6.1, `612` is 6.12.
  private static func version(_ folder: BootFolder) -> (Int, Int) {
    if let numbers = folder.version?.split(separator: "."), numbers.count >= 2,
      let major = Int(numbers[0]), let minor = Int(numbers[1].prefix { $0.isNumber })
    {
      return (major, minor)
    }
    let digits = String(folder.run.kernel.reversed().prefix { $0.isNumber }.reversed())
    guard digits.count >= 2, let major = Int(digits.prefix(1)), let minor = Int(digits.dropFirst())
    else { return (6, 12) }
    return (major, minor)
  }

  /// Linux: `MAX_PAGE_ORDER`, as each page size sets it by default.
  private static func maximumOrder(_ pageSize: PageSize) -> Order {
    switch pageSize.shift {
    case 14: Order(11)
    case 16: Order(13)
    default: Order(10)
    }
  }

  /// What one entry of the second-lowest table maps; without PAE tables have 1024 entries.
  private static func hugeOrder(_ architecture: Architecture, _ pageSize: PageSize) -> Order {
    if case .i386(hasPAE: false) = architecture { return Order(10) }
    return Order(pageSize.shift - 3)
  }
}

extension Zone.Kind {
  /// The kind that the kernel writes as `name`; nil for Device, which never has memory at boot.
  init?(name: String) {
    switch name {
    case "DMA": self = .dma
    case "DMA32": self = .dma32
    case "Normal": self = .normal
    case "HighMem": self = .highMemory
    case "Movable": self = .movable
    default: return nil
    }
  }
}
