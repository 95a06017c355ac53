/// Reads `/proc/zoneinfo` of Linux 4.x to 6.18.
///
/// Frames in lists and types of pageblocks are not in it: `free`, `pageblocks` and the lists of the
/// sets stay empty. `freePages` of a zone is its count of free pages.
public final class ZoneinfoReader {
  private let lines: LineReader

  /// Opens a file, compressed or not.
  public convenience init(path: String) throws(BadInput) {
    self.init(try ByteSource(path: path))
  }

  /// Reads `bytes` as if they were a file called `name`.
  public convenience init(name: String, bytes: [UInt8]) {
    self.init(ByteSource(name: name, bytes: bytes))
  }

  init(_ source: ByteSource) { lines = LineReader(source) }

  /// All zones, those without memory too.
  ///
  /// - Throws: `BadInput` for a text that does not begin with a zone, and for a field that is known
  ///   and has no number.
  public func all() throws(BadInput) -> [ZoneSnapshot] {
    var zones: [ZoneSnapshot] = []
    while let line = try lines.next() {
      var line = line
      if line.isAtEnd { continue }
      if line.skip("Node ") {
        zones.append(try zone(&line, at: zones))
      } else {
        guard !zones.isEmpty else { throw lines.bad("Node N, zone NAME", at: line) }
        try take(&line, into: &zones[zones.count - 1])
      }
    }
    return zones
  }

  private func zone(
    _ line: inout LineCursor, at zones: [ZoneSnapshot]
  ) throws(BadInput) -> ZoneSnapshot {
    guard let node = line.decimal(), line.skip(", zone ") else {
      throw lines.bad("Node N, zone NAME", at: line)
    }
    line.skipSpaces()
    var zone = ZoneSnapshot()
    zone.node = Int(clamping: node)
    zone.name = line.string(line.word())
    zone.index = zones.count { $0.node == zone.node }
    zone.marks = [0, 0, 0, 0]
    return zone
  }

  private func take(
    _ line: inout LineCursor, into zone: inout ZoneSnapshot
  ) throws(BadInput) {
    line.skipSpaces()
    let start = line
    if line.skip("pages free") { return zone.freePages = try number(&line) }
    if line.skip("protection: (") { return zone.lowmemReserve = try reserve(&line) }
    let key = line.string(line.word())
    _ = line.skip(":")
    switch key {
    case "boost": zone.boost = try number(&line)
    case "min": zone.marks[0] = try number(&line)
    case "low": zone.marks[1] = try number(&line)
    // The zone's mark stands before its sets, theirs inside.
    case "high" where zone.sets.isEmpty: zone.marks[2] = try number(&line)
    case "promo": zone.marks[3] = try number(&line)
    case "spanned": zone.spanned = try number(&line)
    case "present": zone.present = try number(&line)
    case "managed": zone.managed = try number(&line)
    case "cma": zone.contiguous = try number(&line)
    case "start_pfn": zone.start = try number(&line)
    case "cpu":
      var set = PerCPUSnapshot()
      set.cpu = Int(clamping: try number(&line))
      zone.sets.append(set)
    default: try take(key, &line, into: &zone, at: start)
    }
  }

  /// A field of the last per-CPU set; all others are stepped over.
  private func take(
    _ key: String, _ line: inout LineCursor, into zone: inout ZoneSnapshot, at start: LineCursor
  ) throws(BadInput) {
    guard !zone.sets.isEmpty else { return }
    let last = zone.sets.count - 1
    switch key {
    case "count": zone.sets[last].count = try number(&line)
    case "high": zone.sets[last].high = try number(&line)
    case "batch": zone.sets[last].batch = try number(&line)
    case "high_min": zone.sets[last].highMinimum = try number(&line)
    case "high_max": zone.sets[last].highMaximum = try number(&line)
    default: break
    }
  }

  private func reserve(_ line: inout LineCursor) throws(BadInput) -> [UInt64] {
    var values = [try number(&line)]
    while line.skip(", ") { values.append(try number(&line)) }
    guard line.skip(")") else { throw lines.bad("\")\"", at: line) }
    return values
  }

  private func number(_ line: inout LineCursor) throws(BadInput) -> UInt64 {
    line.skipSpaces()
    guard let value = line.decimal() else { throw lines.bad("a number", at: line) }
    return value
  }
}
