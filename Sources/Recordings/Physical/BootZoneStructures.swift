/// Fields of the kernel's own zone structures, as a probe read them: lines
/// `ZONE node index name key value…` and `TOTALRESERVE pages`.
public struct BootZoneStructures: Hashable, Sendable {
  public var zones: [Zone] = []
  /// Linux: `totalreserve_pages`.
  public var totalReserve: UInt64?

  public struct Zone: Hashable, Sendable {
    public var node: Int32
    public var name: String
    /// The numbers behind each key, all decimal but those of `start` and `compact_…`.
    public var values: [String: [UInt64]] = [:]

    /// The first number behind `key`.
    public subscript(key: String) -> UInt64? { values[key]?.first }
  }

  public init() {}

  init(_ lines: LineReader) throws(BadInput) {
    while var line = try lines.next() {
      if line.skip("ZONE ") {
        zones.append(try Self.zone(line, lines))
      } else if line.skip("TOTALRESERVE ") {
        let start = line
        guard let pages = line.decimal() else { throw Self.broken(start, lines, "a number") }
        totalReserve = pages
      }
    }
  }

  private static func zone(_ line: LineCursor, _ lines: LineReader) throws(BadInput) -> Zone {
    let text = line.string(line.position..<line.end)
    let words = text.split(separator: " ")
    guard words.count > 3, let node = Int32(words[0]), UInt(words[1]) != nil else {
      throw broken(line, lines, "a node, an index and the name of a zone")
    }
    var zone = Zone(node: node, name: String(words[2]))
    var key: String?
    for word in words.dropFirst(3) {
      let radix = key == "start" || key?.hasPrefix("compact_") == true ? 16 : 10
      if let key, let value = UInt64(word, radix: radix) {
        zone.values[key, default: []].append(value)
      } else if word.first?.isLetter == true {
        key = String(word)
      } else {
        throw broken(line, lines, "names and numbers of a zone's fields")
      }
    }
    return zone
  }

  private static func broken(
    _ line: LineCursor, _ lines: LineReader, _ expected: String
  ) -> BadInput {
    BadInput(
      file: lines.name, line: lines.lineNumber, expected: expected, found: line.excerpt)
  }
}
