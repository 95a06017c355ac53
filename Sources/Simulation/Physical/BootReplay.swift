internal import MemoryTypes
internal import PhysicalMemory
internal import Recordings

/// Plays a boot log through memblock: what the kernel reserved is reserved here, and whatever it left
/// to memblock is asked of memblock, whose answer must be the kernel's.
///
/// The log starts when the parameter `memblock=debug` has been read, so what was reserved before is
/// taken from the first configuration that is printed, less what the log reserved until then. After
/// each comparison the kernel's answer counts, so that one difference does not cause others.
struct BootReplay {
  /// An allocation whose place was predicted.
  struct Placement {
    var line: Int
    var what: String
    /// Nil where there was no place.
    var expected: UInt64?
    var computed: UInt64?
  }

  /// Memory that the page allocator was given after memblock's time.
  struct LateMemory {
    /// Nil where nothing says where it lay.
    var start: UInt64?
    var bytes: UInt64
    /// Whether it came before the marks were computed.
    var isEarly: Bool
  }

  let kernel: BootKernel
  let folder: BootFolder
  let memory: BootMemory
  private(set) var placements: [Placement] = []
  /// Whether memblock was as each printed configuration says, after the first.
  private(set) var configurations: [(line: Int, isEqual: Bool)] = []
  private(set) var areas: [Range<UInt64>] = []
  private(set) var lateMemory: [LateMemory] = []
  /// The free frames of each node when memblock's time ended: what the page allocator got.
  private(set) var handedOver: [Int32: [FrameRange]]?
  /// Memory and what is in it, as /proc/iomem would show it at that moment.
  private(set) var resources: [BootResource] = []
  /// Reservations that memblock chose for requests that are not logged.
  private(set) var unexplained = 0

  private var initialDisk: UInt64?
  /// What the entry before gave back to memblock; the next one may say why.
  private var freed: Range<UInt64>?
  private var hasProcessors = false
  private var hasConfiguration = false

  init(_ folder: BootFolder, _ kernel: BootKernel) throws(BadInput) {
    self.folder = folder
    self.kernel = kernel
    memory = BootMemory(pageSize: kernel.pageSize)
    guard let first = folder.log.firstIndex(where: \.isConfiguration),
      case .configuration(let configuration) = folder.log[first].event
    else {
      throw BadInput(
        file: folder.path, line: 0,
        expected: "a log with \"MEMBLOCK configuration:\", made with memblock=debug",
        found: "none")
    }
    do throws(AllocationError) {
      try adopt(configuration, before: folder.log[..<first])
      for index in folder.log.indices { try take(index) }
    } catch {
      throw BadInput(
        file: folder.path, line: 0, expected: "at most 8192 regions of memblock",
        found: "more than that")
    }
    if handedOver == nil { handOver() }
  }

  private mutating func take(_ index: Int) throws(AllocationError) {
    let entry = folder.log[index]
    let justFreed = freed
    freed = nil
    switch entry.event {
    case .request(let request): predict(request, at: index)
    case .reserve(let range, let isAllocation):
      if isAllocation { predictUnlogged(range, at: index) }
      try memory.memblock.reserve(PhysicalRange(range))
    case .free(let range):
      freed = range
      try memory.memblock.free(PhysicalRange(range))
    case .add(let range):
      // Before the first configuration memory is what that configuration says.
      if hasConfiguration { try memory.memblock.add(PhysicalRange(range)) }
    case .remove(let range):
      if hasConfiguration { try memory.memblock.remove(PhysicalRange(range)) }
    case .configuration(let configuration):
      if hasConfiguration { try compare(configuration, entry.line) }
      hasConfiguration = true
    case .contiguousArea(let start?, let size):
      let end = start.addingReportingOverflow(size)
      if !end.overflow { areas.append(start..<end.partialValue) }
    case .contiguousArea(nil, let size): predictFailedArea(size, entry.line)
    case .initialDisk(let range): initialDisk = range.lowerBound
    case .freeing(let what, let bytes): takeLate(what, bytes, at: justFreed?.lowerBound)
    case .handedOver: handOver()
    case .processorsUp: hasProcessors = true
    case .nodeData, .zone, .movableStart, .fallbackOrder, .firmwareRange, .perCPUUnits,
      .perCPUMultiple:
      break
    }
  }

  /// The state at the beginning of the log.
  private mutating func adopt(
    _ configuration: BootConfiguration, before entries: ArraySlice<BootLogEntry>
  ) throws(AllocationError) {
    for region in configuration.memory {
      try memory.memblock.add(
        PhysicalRange(region.range), flags: MemblockFlags(rawValue: region.flags))
    }
    for (node, ranges) in folder.run.memory(of: kernel.nodes).enumerated() {
      for range in ranges { try memory.memblock.setNode(PhysicalRange(range), Int32(node)) }
    }
    let logged = BootMemory(pageSize: kernel.pageSize)
    for region in configuration.reserved {
      try memory.memblock.reserve(PhysicalRange(region.range))
    }
    for entry in entries {
      if case .reserve(let range, _) = entry.event {
        try logged.memblock.reserve(PhysicalRange(range))
      }
    }
    for index in 0..<logged.memblock.reserved.count {
      try memory.memblock.free(logged.memblock.reserved[index].range)
    }
    if case .x86 = kernel.architecture, folder.run.commandLine.contains("movable_node") {
      // Low memory, beside the kernel, is the least likely to be taken out.
      memory.memblock.direction = .bottomUp
    }
    if case .i386 = kernel.architecture {
      memory.memblock.currentLimit = kernel.layout(memory.memblock, folder.run).lowMemoryEnd
    }
  }

  private mutating func compare(
    _ configuration: BootConfiguration, _ line: Int
  ) throws(AllocationError) {
    let isEqual =
      BootMemory.isEqual(memory.memblock.memory, configuration.memory.map(\.range))
      && BootMemory.isEqual(memory.memblock.reserved, configuration.reserved.map(\.range))
    configurations.append((line, isEqual))
    guard !isEqual else { return }
    let everything = PhysicalRange(PhysicalAddress(0), PhysicalAddress(.max))
    try memory.memblock.free(everything)
    for region in configuration.reserved {
      try memory.memblock.reserve(PhysicalRange(region.range))
    }
  }

  private mutating func handOver() {
    guard handedOver == nil else { return }
    var frames: [Int32: [FrameRange]] = [:]
    for node in nodes {
      for free in memory.memblock.freeRanges(MemblockFilter(node: node)) {
        let whole = free.wholeFrames(kernel.pageSize)
        if whole.start < whole.end { frames[node, default: []].append(whole) }
      }
    }
    handedOver = frames
    listResources()
  }

  /// Only arm64 shows what memblock has reserved.
  private mutating func listResources() {
    func place(_ name: String) -> PhysicalRange? {
      folder.resources.first { $0.name == name }.map { PhysicalRange($0.range) }
    }
    guard case .arm64 = kernel.architecture, let code = place("Kernel code"),
      let data = place("Kernel data")
    else { return }
    var resources: [BootResource] = []
    let image = KernelImage(code: code, data: data)
    memory.memblock.forEachResource(image, kernel.pageSize) { resource in
      resources.append(
        BootResource(
          range: Range(resource.range), name: "\(resource.name.text)", depth: resource.depth))
    }
    self.resources = resources
  }

  /// The numbers of the nodes with memory.
  var nodes: [Int32] {
    let regions = memory.memblock.memory
    return Set((0..<regions.count).map { regions[$0].node }).sorted()
  }

  private mutating func takeLate(_ what: String, _ bytes: UInt64, at place: UInt64?) {
    let start = place ?? (what == "initrd memory" ? initialDisk : folder.kernelCode)
    lateMemory.append(LateMemory(start: start, bytes: bytes, isEarly: !hasProcessors))
  }
}

extension BootReplay {
  /// Asks memblock what the kernel asked it; the kernel's answer is the next entry.
  private mutating func predict(_ request: BootRequest, at index: Int) {
    var asked = MemblockRequest(
      size: request.size, alignment: request.alignment,
      node: request.node < 0 ? nil : request.node,
      isExactNode: request.function.contains("exact"),
      minimum: PhysicalAddress(request.minimum),
      limit: MemblockRequest.Limit(rawValue: request.limit))
    asked.mayGoBelowMinimum = !request.function.contains("phys_alloc")
    let answer = answer(to: request.size, at: index)
    compare(asked, answer, "\(request.caller), \(request.size) bytes", folder.log[index].line)
  }

  /// The reservation that follows, if it is the answer.
  private func answer(to size: UInt64, at index: Int) -> UInt64? {
    guard folder.log.indices.contains(index + 1),
      case .reserve(let range, isAllocation: true) = folder.log[index + 1].event,
      range.size == size
    else { return nil }
    return range.lowerBound
  }

  /// Two callers do not log what they ask for: those of node descriptors and of contiguous areas.
  private mutating func predictUnlogged(_ range: Range<UInt64>, at index: Int) {
    if folder.log.indices.contains(index - 1),
      case .request(let request) = folder.log[index - 1].event,
      request.size == range.size
    {
      return
    }
    let line = folder.log[index].line
    // A log may have lost its beginning, and with it the request for its first line.
    guard index > 0 else { return }
    guard folder.log.indices.contains(index + 1) else {
      unexplained += 1
      return
    }
    switch folder.log[index + 1].event {
    case .nodeData(let node):
      // By then the kernel knows which memory may be taken out. Linux: `numa_init()`.
      memory.memblock.direction = .topDown
      let request = MemblockRequest(size: range.size, alignment: 64, node: node)
      compare(request, range.lowerBound, "descriptor of node \(node)", line)
    case .contiguousArea(let start?, let size) where start == range.lowerBound:
      predictArea(size, start, line)
    default: unexplained += 1
    }
  }

  private mutating func compare(
    _ request: MemblockRequest, _ answer: UInt64?, _ what: String, _ line: Int
  ) {
    let computed = memory.memblock.placement(of: request)?.rawValue
    placements.append(
      Placement(line: line, what: what, expected: answer, computed: computed))
  }

  private mutating func predictArea(_ size: UInt64, _ start: UInt64, _ line: Int) {
    let area = ContiguousPlacement(size: wantedArea ?? size, kernel, folder.run)
    let computed = area.placement(in: memory.memblock)
    placements.append(
      Placement(
        line: line, what: "contiguous area", expected: start, computed: computed?.rawValue))
  }

  private mutating func predictFailedArea(_ size: UInt64, _ line: Int) {
    let area = ContiguousPlacement(size: wantedArea ?? size, kernel, folder.run)
    let computed = area.placement(in: memory.memblock)
    placements.append(
      Placement(
        line: line, what: "contiguous area", expected: nil, computed: computed?.rawValue))
  }

  /// The size the command line wants; nil for the kernel's default.
  private var wantedArea: UInt64? {
    folder.run.parameter("cma").flatMap { text in
      BootRun.size(String(text.prefix { $0 != "@" }), unit: 1)
    }
  }
}

extension BootLogEntry {
  fileprivate var isConfiguration: Bool {
    if case .configuration = event { true } else { false }
  }
}
