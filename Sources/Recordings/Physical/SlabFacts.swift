/// What a kernel says about the caches of its heap: /sys/kernel/slab, one line a cache, and
/// /proc/slabinfo.
public struct SlabFacts: Hashable, Sendable {
  public var caches: [Cache] = []
  public var aliases: [Alias] = []
  /// Empty where /proc/slabinfo was not kept.
  public var lines: [Line] = []

  /// One folder of /sys/kernel/slab that is no link.
  public struct Cache: Hashable, Sendable {
    /// Of a cache that may share its slabs, what tells it from others: `:aA-0000192`.
    public var name: String
    /// 1 to `largest`.
    public var objectSize: UInt
    /// A power of two up to `largest`.
    public var alignment: UInt
    /// The numbers by the names of the columns; without those that the kernel does not have.
    public var values: [String: UInt64]

    public subscript(column: String) -> UInt64? { values[column] }
  }

  /// A name that leads to a cache shared under another.
  public struct Alias: Hashable, Sendable {
    public var name: String
    public var target: String
  }

  /// One line of /proc/slabinfo.
  public struct Line: Hashable, Sendable {
    public var name: String
    public var slotSize: UInt64
    public var objectsPerSlab: UInt64
    public var pagesPerSlab: UInt64
  }

  /// No kernel has objects in slabs that are larger.
  public static var largest: UInt64 { 1 << 24 }

  /// Reads the lines of /sys/kernel/slab: names of the columns behind `#`, then
  /// `cache NAME NUMBER…` with `-` for what is not there, and `alias NAME -> TARGET`.
  init(_ lines: LineReader) throws(BadInput) {
    var columns: [String] = []
    while let line = try lines.next() {
      let words = line.string(0..<line.end).split(separator: " ").map(String.init)
      guard let first = words.first else { continue }
      switch first {
      case "#" where words.count > 2: columns = Array(words[2...])
      case "cache" where words.count == columns.count + 2:
        caches.append(try Self.cache(words, columns, lines, line))
      case "alias" where words.count == 4 && words[2] == "->":
        aliases.append(Alias(name: words[1], target: words[3]))
      default:
        throw lines.bad("columns behind #, \"cache NAME …\" or \"alias NAME -> TARGET\"", at: line)
      }
    }
  }

  private static func cache(
    _ words: [String], _ columns: [String], _ lines: LineReader, _ line: LineCursor
  ) throws(BadInput) -> Cache {
    var values: [String: UInt64] = [:]
    for (column, word) in zip(columns, words[2...]) where word != "-" {
      guard let value = UInt64(word) else { throw lines.bad("numbers of a cache", at: line) }
      values[column] = value
    }
    guard let size = values["object_size"], (1...largest).contains(size),
      let alignment = values["align"], (1...largest).contains(alignment),
      alignment & (alignment - 1) == 0
    else { throw lines.bad("object_size and align of a cache", at: line) }
    return Cache(
      name: words[1], objectSize: UInt(size), alignment: UInt(alignment), values: values)
  }

  /// Reads the lines of /proc/slabinfo.
  mutating func takeSlabinfo(_ lines: LineReader) throws(BadInput) {
    while let line = try lines.next() {
      let words = line.string(0..<line.end).split(separator: " ")
      if words.isEmpty || words[0] == "#" || words[0] == "slabinfo" { continue }
      guard words.count > 6, let size = UInt64(words[3]), let objects = UInt64(words[4]),
        let pages = UInt64(words[5])
      else { throw lines.bad("a cache and its numbers", at: line) }
      self.lines.append(
        Line(
          name: String(words[0]), slotSize: size, objectsPerSlab: objects, pagesPerSlab: pages))
    }
  }
}
