/// One zone as /proc/zoneinfo prints it; all counts are pages. Fields the kernel does not print for
/// it are nil.
public struct BootZone: Hashable, Sendable {
  public var node: Int32
  public var name: String
  public var start: UInt64?
  public var free: UInt64?
  public var spanned: UInt64?
  public var present: UInt64?
  public var managed: UInt64?
  public var contiguous: UInt64?
  public var minimum: UInt64?
  public var low: UInt64?
  public var high: UInt64?
  public var promo: UInt64?
  /// What is kept back from requests for each zone of the node, in the order of the zones.
  public var protection: [UInt64] = []
  /// The high mark and the batch of processor 0's lists.
  public var listHigh: UInt64?
  public var listBatch: UInt64?
  /// Linux: `vm stats threshold`.
  public var statisticsThreshold: UInt64?

  init(node: Int32, name: String) {
    self.node = node
    self.name = name
  }
}

/// Reads /proc/zoneinfo.
enum BootZoneInfoReader {
  static func zones(_ lines: LineReader) throws(BadInput) -> [BootZone] {
    var zones: [BootZone] = []
    while var line = try lines.next() {
      if line.skip("Node ") {
        zones.append(try heading(&line, lines))
      } else if !zones.isEmpty {
        try take(&line, &zones[zones.count - 1], lines)
      }
    }
    guard !zones.isEmpty else {
      throw BadInput(
        file: lines.name, line: 0, expected: "zones, each with a line \"Node 0, zone   NAME\"",
        found: "none")
    }
    return zones
  }

  private static func heading(
    _ line: inout LineCursor, _ lines: LineReader
  ) throws(BadInput) -> BootZone {
    let start = line
    guard let node = line.decimal(), node < 1 << 20, line.skip(", zone") else {
      throw broken(start, lines, "a node and a zone")
    }
    line.skipSpaces()
    return BootZone(node: Int32(node), name: line.string(line.word()))
  }

  private static func take(
    _ line: inout LineCursor, _ zone: inout BootZone, _ lines: LineReader
  ) throws(BadInput) {
    line.skipSpaces()
    if line.skip("protection: (") {
      zone.protection = try protection(&line, lines)
      return
    }
    guard let field = field(&line) else { return }
    line.skipSpaces()
    let start = line
    guard let value = line.decimal() else { throw broken(start, lines, "a number") }
    // The lists of the other processors have the same batch, and their own tuned high mark.
    if field == \.listHigh || field == \.listBatch, zone[keyPath: field] != nil { return }
    zone[keyPath: field] = value
  }

  /// The field that a line is about; nil for one that does not matter.
  private static func field(
    _ line: inout LineCursor
  ) -> WritableKeyPath<BootZone, UInt64?>? {
    if line.skip("pages free") { return \.free }
    if line.skip("vm stats threshold:") { return \.statisticsThreshold }
    let name = line.string(line.word())
    if line.skip(":") { return listFields[name] }
    return fields[name]
  }

  private static var fields: [String: WritableKeyPath<BootZone, UInt64?>] {
    [
      "min": \.minimum, "low": \.low, "high": \.high, "promo": \.promo, "spanned": \.spanned,
      "present": \.present, "managed": \.managed, "cma": \.contiguous,
    ]
  }

  private static var listFields: [String: WritableKeyPath<BootZone, UInt64?>] {
    ["high": \.listHigh, "batch": \.listBatch, "start_pfn": \.start]
  }

  private static func protection(
    _ line: inout LineCursor, _ lines: LineReader
  ) throws(BadInput) -> [UInt64] {
    var values: [UInt64] = []
    while true {
      let start = line
      guard let value = line.decimal() else { throw broken(start, lines, "a number of pages") }
      values.append(value)
      if line.skip(", ") { continue }
      if line.skip(")") { return values }
      throw broken(line, lines, "\", \" or \")\"")
    }
  }

  private static func broken(
    _ line: LineCursor, _ lines: LineReader, _ expected: String
  ) -> BadInput {
    BadInput(
      file: lines.name, line: lines.lineNumber, expected: expected, found: line.excerpt)
  }
}
