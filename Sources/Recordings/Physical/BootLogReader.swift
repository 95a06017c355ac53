/// Reads a boot log made with `memblock=debug`: picks what concerns memory, leaves the rest.
///
/// Lines are those of the kernel's ring buffer: `<6>[    0.068674] text`, times only where the
/// kernel stamps them. A line that begins as one of memblock's must also end as one.
final class BootLogReader {
  /// The version that the first lines tell.
  private(set) var version: String?

  let lines: LineReader
  private var entries: [BootLogEntry] = []
  private var configuration: (line: Int, value: BootConfiguration)?
  /// Lines after "Zone ranges:" are its own until one is not indented.
  private var isInZones = false
  private var descriptors: Int32 = 0

  init(_ lines: LineReader) throws(BadInput) { self.lines = lines }

  /// All entries, in the order of the log.
  func readAll() throws(BadInput) -> [BootLogEntry] {
    while var line = try lines.next() {
      Self.skipPrefix(&line)
      if try takeConfigurationLine(&line) { continue }
      endConfiguration()
      if let event = try event(&line) { append(event) }
    }
    endConfiguration()
    return entries
  }

  private func append(_ event: BootLogEntry.Event) {
    entries.append(BootLogEntry(line: lines.lineNumber, event: event))
  }

  private func event(_ line: inout LineCursor) throws(BadInput) -> BootLogEntry.Event? {
    if let event = zoneLine(&line) { return event }
    if line.skip("memblock_") { return try memblockEvent(&line) }
    if line.skip("NODE_DATA(") {
      return line.decimal().map { .nodeData(node: Int32(clamping: $0)) }
    }
    if line.skip("cma: ") { return contiguousArea(&line) }
    if line.skip("Reserved memory: created CMA memory pool at ") { return pool(&line) }
    if line.skip("Freeing ") { return freeing(&line) }
    if line.skip("NUMA: NODE_DATA [mem ") { return nodeDescriptor() }
    if line.skip("SLUB: ") || line.skip("Memory: ") { return .handedOver }
    if line.skip("smp: Brought up ") { return processorsUp(&line) }
    if line.skip("devtmpfs: initialized") { return .processorsUp(count: nil) }
    if line.skip("RAMDISK: [mem ") || line.skip("Allocated new RAMDISK: [mem ") {
      return Self.range(&line).map { .initialDisk($0) }
    }
    if line.skip("BIOS-e820: [mem ") { return firmwareRange(&line) }
    if line.skip("Fallback order for Node ") { return fallbackOrder(&line) }
    if line.skip("percpu: Embedded ") { return perCPUUnits(&line) }
    if line.skip("pcpu-alloc: s") { return perCPUMultiple(&line) }
    if version == nil && line.skip("Linux version ") {
      version = line.string(line.text(before: 0x20) ?? line.position..<line.end)
    }
    return nil
  }

  /// Steps over the level and the time.
  private static func skipPrefix(_ line: inout LineCursor) {
    guard line.skip("<"), line.decimal() != nil, line.skip(">") else {
      line.position = 0
      return
    }
    let start = line.position
    guard line.skip("[") else { return }
    while line.peek == 0x20 || line.peek == 0x2e || line.peek &- 0x30 < 10 { line.position += 1 }
    if !line.skip("] ") { line.position = start }
  }

  /// `0x1000-0x1fff]`, with the last byte, as a range; cut at the end of the address space.
  static func range(_ line: inout LineCursor) -> Range<UInt64>? {
    guard let first = line.number(), line.skip("-"), let last = line.number() else { return nil }
    _ = line.skip("]")
    return range(first, last)
  }

  /// Nil where the last byte lies before the first by more than an empty range's does.
  static func range(_ first: UInt64, _ last: UInt64) -> Range<UInt64>? {
    let end = last == .max ? last : last + 1
    return first <= end ? first..<end : nil
  }
}

extension BootLogReader {
  /// `Zone ranges:` and what belongs to it: zones, and where Movable starts on each node.
  private func zoneLine(_ line: inout LineCursor) -> BootLogEntry.Event? {
    let start = line.position
    if line.skip("Zone ranges:") || line.skip("Movable zone start for each node") {
      isInZones = true
      return nil
    }
    guard isInZones else { return nil }
    guard line.skip("  ") else {
      isInZones = false
      return nil
    }
    if line.skip("Node "), let node = line.decimal(), line.skip(": "), let address = line.number() {
      return .movableStart(node: Int32(clamping: node), address)
    }
    line.position = start + 2
    let name = line.string(line.word())
    line.skipSpaces()
    if line.skip("empty") { return .zone(name: name, nil) }
    if line.skip("[mem "), let range = Self.range(&line) { return .zone(name: name, range) }
    line.position = start
    return nil
  }

  /// Before 6.9 arm64 does not name the node; descriptors come in the order of the nodes.
  private func nodeDescriptor() -> BootLogEntry.Event {
    defer { descriptors += 1 }
    return .nodeData(node: descriptors)
  }

  /// `1 node, 4 CPUs`
  private func processorsUp(_ line: inout LineCursor) -> BootLogEntry.Event {
    guard line.text(before: UInt8(ascii: ",")) != nil, line.skip(", "), let count = line.decimal(),
      count > 0
    else { return .processorsUp(count: nil) }
    return .processorsUp(count: UInt(clamping: count))
  }

  private func contiguousArea(_ line: inout LineCursor) -> BootLogEntry.Event? {
    if line.skip("Reserved "), let size = line.decimal(), line.skip(" MiB at "),
      let start = line.number(), size < 1 << 40
    {
      return .contiguousArea(start: start, size: size << 20)
    }
    if line.skip("Failed to reserve "), let size = line.decimal(), size < 1 << 40 {
      return .contiguousArea(start: nil, size: size << 20)
    }
    return nil
  }

  private func pool(_ line: inout LineCursor) -> BootLogEntry.Event? {
    guard let start = line.number(), line.skip(", size "), let size = line.decimal(),
      size < 1 << 40
    else { return nil }
    return .contiguousArea(start: start, size: size << 20)
  }

  private func freeing(_ line: inout LineCursor) -> BootLogEntry.Event? {
    guard let name = line.text(before: UInt8(ascii: ":")) else { return nil }
    let what = line.string(name)
    guard line.skip(": "), let kilobytes = line.decimal(), line.skip("K"), kilobytes < 1 << 50
    else { return nil }
    return .freeing(what: what, bytes: kilobytes << 10)
  }

  private func firmwareRange(_ line: inout LineCursor) -> BootLogEntry.Event? {
    guard let range = Self.range(&line) else { return nil }
    line.skipSpaces()
    return .firmwareRange(range, kind: line.string(line.position..<line.end))
  }

  private func perCPUUnits(_ line: inout LineCursor) -> BootLogEntry.Event? {
    guard let pages = line.decimal(), line.skip(" pages/cpu s"), let fixed = line.decimal(),
      line.skip(" r"), let reserved = line.decimal(), line.skip(" d"),
      let dynamic = line.decimal(), line.skip(" u"), let unit = line.decimal()
    else { return nil }
    return .perCPUUnits(
      BootPerCPUUnits(
        pages: pages, staticSize: fixed, reservedSize: reserved, dynamicSize: dynamic,
        unitSize: unit))
  }

  private func perCPUMultiple(_ line: inout LineCursor) -> BootLogEntry.Event? {
    guard line.text(before: UInt8(ascii: "=")) != nil, line.skip("="),
      let atoms = line.decimal(), line.skip("*"), let size = line.decimal()
    else { return nil }
    return .perCPUMultiple(atoms: atoms, of: size)
  }

  private func fallbackOrder(_ line: inout LineCursor) -> BootLogEntry.Event? {
    guard let node = line.decimal(), line.skip(": ") else { return nil }
    var order: [Int32] = []
    while let next = line.decimal() {
      order.append(Int32(clamping: next))
      line.skipSpaces()
    }
    return .fallbackOrder(node: Int32(clamping: node), order)
  }
}

extension BootLogReader {
  /// Takes the heading of a configuration, or a line of one that was begun; says whether it did.
  private func takeConfigurationLine(_ line: inout LineCursor) throws(BadInput) -> Bool {
    if line.skip("MEMBLOCK configuration:") {
      endConfiguration()
      configuration = (lines.lineNumber, BootConfiguration())
      return true
    }
    guard configuration != nil else { return false }
    if line.skip(" memory") {
      if line.skip("[") { configuration?.value.memory.append(try region(&line)) }
      return true
    }
    if line.skip(" reserved") {
      if line.skip("[") { configuration?.value.reserved.append(try region(&line)) }
      return true
    }
    return false
  }

  private func endConfiguration() {
    guard let (line, value) = configuration else { return }
    entries.append(BootLogEntry(line: line, event: .configuration(value)))
    configuration = nil
  }

  /// `0x0]<tab>[0x…-0x…], 0x… bytes on node 0 flags: 0x0`
  private func region(_ line: inout LineCursor) throws(BadInput) -> BootConfiguration.Region {
    let start = line
    guard line.number() != nil, line.skip("]\t["), let range = Self.range(&line),
      line.skip(", "), line.number() != nil, line.skip(" bytes")
    else { throw broken(start, "a region of memblock, [0x…-0x…], 0x… bytes") }
    var node: Int32?
    if line.skip(" on node ") { node = line.decimal().map { Int32(clamping: $0) } }
    guard line.skip(" flags: "), let flags = line.number() else {
      throw broken(line, "\" flags: \" and a number")
    }
    return BootConfiguration.Region(
      range: range, node: node, flags: UInt32(truncatingIfNeeded: flags))
  }

  func broken(_ line: LineCursor, _ expected: String) -> BadInput {
    BadInput(
      file: lines.name, line: lines.lineNumber, expected: expected, found: line.excerpt)
  }
}
