/// One line of /proc/iomem.
public struct BootResource: Hashable, Sendable {
  public var range: Range<UInt64>
  public var name: String
  /// 0 for what lies in nothing else.
  public var depth: Int

  public init(range: Range<UInt64>, name: String, depth: Int) {
    self.range = range
    self.name = name
    self.depth = depth
  }
}

/// Reads the small texts of a boot's folder.
enum BootSettings {
  /// `name = value` lines; others are left out.
  static func values(_ lines: LineReader) throws(BadInput) -> [String: String] {
    var values: [String: String] = [:]
    while let line = try lines.next() {
      let text = line.string(0..<line.end)
      guard let equals = text.firstIndex(of: "=") else { continue }
      values[trimmed(text[..<equals])] = trimmed(text[text.index(after: equals)...])
    }
    return values
  }

  /// The lines of /proc/iomem.
  static func resources(_ lines: LineReader) throws(BadInput) -> [BootResource] {
    var resources: [BootResource] = []
    while var line = try lines.next() {
      if line.isAtEnd { continue }
      line.skipSpaces()
      let depth = line.position / 2
      guard let first = line.hexadecimal(), line.skip("-"), let last = line.hexadecimal(),
        line.skip(" : "), let range = BootLogReader.range(first, last)
      else {
        throw BadInput(
          file: lines.name, line: lines.lineNumber,
          expected: "a resource, START-END : NAME", found: line.excerpt)
      }
      let name = line.string(line.position..<line.end)
      resources.append(BootResource(range: range, name: name, depth: depth))
    }
    return resources
  }

  /// Lines of debugfs: `   0: 0x0000000040000000..0x000000005fffffff    0 NONE`.
  static func regions(_ lines: LineReader) throws(BadInput) -> [Range<UInt64>] {
    var regions: [Range<UInt64>] = []
    while var line = try lines.next() {
      line.skipSpaces()
      guard line.decimal() != nil, line.skip(": "), let first = line.number(), line.skip(".."),
        let last = line.number(), let range = BootLogReader.range(first, last)
      else {
        throw BadInput(
          file: lines.name, line: lines.lineNumber,
          expected: "a region of memblock, N: 0x…..0x…", found: line.excerpt)
      }
      regions.append(range)
    }
    return regions
  }

  private static func trimmed(_ text: Substring) -> String {
    var text = text
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }
}
