internal import SystemPackage

/// Everything that the folder of one boot tells: how the guest was started, what its kernel logged,
/// and the figures of its zones.
///
///     run.json        kernel, command lines, the QEMU command: the machine
///     dmesg.txt       the log with `memblock=debug`: what was allocated and freed early
///     zoneinfo.txt    /proc/zoneinfo, read first
///     zonestruct.txt  fields of `struct zone`, read last; not in every folder
///     sysctl_vm.txt   /proc/sys/vm, read in between; not needed
///     vmstat.txt      /proc/vmstat, read soon after; not needed
///     iomem.txt       /proc/iomem; not needed
///     sys_kernel_slab.txt, slabinfo.txt  the heap's caches; not needed
///     memblock_*.txt  memblock's arrays as debugfs shows them at last; not on every architecture
///
/// Each text may be compressed. The whole is small (a log of some hundred KB), so it is read at once.
public struct BootFolder: Sendable {
  public var path: String
  public var run: BootRun
  public var log: [BootLogEntry]
  /// The zones as /proc/zoneinfo prints them, in its order.
  public var zones: [BootZone]
  /// The zones' structures; empty where the kernel's memory could not be read.
  public var structures: BootZoneStructures
  /// Names and values of /proc/sys/vm, as text.
  public var settings: [String: String]
  /// The counters of /proc/vmstat; none where it was not kept.
  public var counters: [String: Int64]
  /// The line of /sys that says when huge pages are used; nil in a kernel without them.
  public var hugePages: String?
  /// Bytes of a huge page; nil in a kernel without them.
  public var hugePageSize: UInt64?
  /// The lines of /proc/iomem; none where it was not kept.
  public var resources: [BootResource]
  /// Memblock's arrays when the machine ran; nil where the kernel keeps them no longer.
  public var lastMemory: [Range<UInt64>]?
  public var lastReserved: [Range<UInt64>]?
  /// The caches of its heap; nil where they were not kept.
  public var slabs: SlabFacts?
  /// The version the kernel tells at the start of its log; nil where that was lost.
  public var version: String?

  /// Where the kernel's code lies in memory; nil where /proc/iomem does not say.
  public var kernelCode: UInt64? {
    resources.first { $0.name == "Kernel code" }?.range.lowerBound
  }

  /// Whether `path` is such a folder, perhaps one that lacks a text: it holds zones or a log, or says
  /// how a guest was started, and no snapshots of an allocator that ran.
  public static func recognises(_ path: String) -> Bool {
    func holds(_ name: String) -> Bool { FolderFacts.file(name, in: path) != nil }
    if ["buddy", "frag", "cma"].contains(where: { holds("\($0).snaps.txt") }) { return false }
    return ["zoneinfo.txt", "dmesg.txt", "run.json"].contains(where: holds)
  }

  /// Reads a folder.
  ///
  /// - Throws: `BadInput` when a text that is needed is missing or has a line it should not have.
  public init(path: String) throws(BadInput) {
    self.path = path
    run = try BootRun(path: try Self.needed("run.json", path))
    zones = try BootZoneInfoReader.zones(try Self.lines(try Self.needed("zoneinfo.txt", path)))
    let log = try BootLogReader(try Self.lines(try Self.needed("dmesg.txt", path)))
    self.log = try log.readAll()
    version = log.version
    structures = BootZoneStructures()
    settings = [:]
    counters = [:]
    resources = []
    lastMemory = try Self.regions("memblock_memory.txt", path)
    lastReserved = try Self.regions("memblock_reserved.txt", path)
    slabs = try Self.slabs(path)
    if let file = FolderFacts.file("zonestruct.txt", in: path) {
      structures = try BootZoneStructures(try Self.lines(file))
    }
    if let file = FolderFacts.file("sysctl_vm.txt", in: path) {
      settings = try BootSettings.values(try Self.lines(file))
    }
    if let file = FolderFacts.file("vmstat.txt", in: path) {
      counters = try ProcTexts.vmstat(path: file)
    }
    let hugePages = "sys_kernel_mm_transparent_hugepage_"
    self.hugePages = try Self.firstLine("\(hugePages)enabled.txt", path)
    hugePageSize = try Self.firstLine("\(hugePages)hpage_pmd_size.txt", path).flatMap { UInt64($0) }
    if let file = FolderFacts.file("iomem.txt", in: path) {
      resources = try BootSettings.resources(try Self.lines(file))
    }
  }

  private static func needed(_ name: String, _ folder: String) throws(BadInput) -> String {
    if let file = FolderFacts.file(name, in: folder) { return file }
    throw BadInput(
      file: folder, line: 0, expected: "a folder of a boot with \(name), plain or compressed",
      found: "none")
  }

  private static func lines(_ file: String) throws(BadInput) -> LineReader {
    LineReader(try ByteSource(path: file))
  }

  private static func slabs(_ folder: String) throws(BadInput) -> SlabFacts? {
    guard let file = FolderFacts.file("sys_kernel_slab.txt", in: folder) else { return nil }
    var facts = try SlabFacts(try lines(file))
    if let file = FolderFacts.file("slabinfo.txt", in: folder) {
      try facts.takeSlabinfo(try lines(file))
    }
    return facts
  }

  private static func regions(
    _ name: String, _ folder: String
  ) throws(BadInput) -> [Range<UInt64>]? {
    guard let file = FolderFacts.file(name, in: folder) else { return nil }
    return try BootSettings.regions(try lines(file))
  }

  private static func firstLine(_ name: String, _ folder: String) throws(BadInput) -> String? {
    guard let file = FolderFacts.file(name, in: folder) else { return nil }
    let reader = try lines(file)
    // A line lies in its reader's buffer.
    defer { withExtendedLifetime(reader) {} }
    guard let line = try reader.next() else { return nil }
    return line.string(0..<line.end)
  }
}
