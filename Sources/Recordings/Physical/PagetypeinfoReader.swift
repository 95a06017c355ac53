/// Reads `/proc/pagetypeinfo`: free blocks by zone, type and order, and the types of pageblocks.
public final class PagetypeinfoReader {
  /// A zone's numbers, by the names of types in the order of the text.
  public struct Zone: Hashable, Sendable {
    public var node: Int
    public var name: String
    public var types: [String] = []
    /// Free blocks by type and order.
    public var free: [[UInt64]] = []
    /// Pageblocks by type.
    public var blocks: [UInt64] = []

    public init(node: Int, name: String) {
      self.node = node
      self.name = name
    }
  }

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

  /// All zones, and the order of a pageblock.
  ///
  /// - Throws: `BadInput` for a row of another form.
  public func all() throws(BadInput) -> (pageblockOrder: UInt64, zones: [Zone]) {
    var order: UInt64 = 0
    var zones: [Zone] = []
    while let line = try lines.next() {
      var line = line
      if line.skip("Page block order: ") {
        guard let value = line.decimal() else { throw lines.bad("an order", at: line) }
        order = value
      } else if line.skip("Node") {
        try takeRow(&line, into: &zones)
      }
    }
    return (order, zones)
  }

  private func takeRow(_ line: inout LineCursor, into zones: inout [Zone]) throws(BadInput) {
    let start = line
    line.skipSpaces()
    guard let node = line.decimal(), line.skip(", zone ") else {
      throw lines.bad("a node and a zone", at: start)
    }
    line.skipSpaces()
    let name = line.string(line.word())
    var place = zones.firstIndex { $0.node == Int(clamping: node) && $0.name == name }
    if place == nil {
      place = zones.count
      zones.append(Zone(node: Int(clamping: node), name: name))
    }
    guard let place else { return }
    if line.skip(", type ") {
      line.skipSpaces()
      zones[place].types.append(line.string(line.word()))
      zones[place].free.append(try counts(&line))
    } else {
      zones[place].blocks = try counts(&line)
    }
  }

  /// Numbers to the end of the line; the kernel stops counting at 100000 and writes `>` before.
  private func counts(_ line: inout LineCursor) throws(BadInput) -> [UInt64] {
    var counts: [UInt64] = []
    while true {
      line.skipSpaces()
      if line.isAtEnd { return counts }
      _ = line.skip(">")
      guard counts.count < 64, let count = line.decimal() else {
        throw lines.bad("a count", at: line)
      }
      counts.append(count)
    }
  }
}
