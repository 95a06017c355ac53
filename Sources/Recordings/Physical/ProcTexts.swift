/// Readers of texts below `/proc` that tell of physical memory.
public enum ProcTexts {
  /// The rows of `/proc/buddyinfo`.
  ///
  /// - Throws: `BadInput` at the first line of another form.
  public static func buddyinfo(path: String) throws(BadInput) -> [BuddyinfoRow] {
    let lines = LineReader(try ByteSource(path: path))
    var rows: [BuddyinfoRow] = []
    while let line = try lines.next() {
      var line = line
      if !line.isAtEnd { rows.append(try lines.buddyinfoRow(&line)) }
    }
    return rows
  }

  /// The counters of `/proc/vmstat`.
  public static func vmstat(path: String) throws(BadInput) -> [String: Int64] {
    let lines = LineReader(try ByteSource(path: path))
    var counters: [String: Int64] = [:]
    while let line = try lines.next() {
      var line = line
      if line.isAtEnd { continue }
      let (name, value) = try lines.counter(&line)
      counters[name] = value
    }
    return counters
  }
}

extension LineReader {
  /// `Node 0, zone   Normal      1      1      2 …`
  func buddyinfoRow(_ line: inout LineCursor) throws(BadInput) -> BuddyinfoRow {
    let start = line
    guard line.skip("Node "), let node = line.decimal(), line.skip(", zone ") else {
      throw bad("Node N, zone NAME and counts", at: start)
    }
    line.skipSpaces()
    let zone = line.string(line.word())
    var counts: [UInt64] = []
    while true {
      line.skipSpaces()
      if line.isAtEnd { break }
      guard counts.count < 64, let count = line.decimal() else {
        throw bad("free blocks of an order", at: line)
      }
      counts.append(count)
    }
    return BuddyinfoRow(node: Int(clamping: node), zone: zone, counts: counts)
  }

  /// `nr_free_pages 54492`
  func counter(_ line: inout LineCursor) throws(BadInput) -> (String, Int64) {
    let start = line
    let name = line.string(line.word())
    guard !name.isEmpty, line.skip(" "), let value = line.number() else {
      throw bad("a counter and its value", at: start)
    }
    return (name, Int64(bitPattern: value))
  }
}

extension LineCursor {
  /// What is left of the line, without spaces at its end.
  var rest: Range<Int> {
    var end = end
    while end > position, byte(at: end - 1) <= 0x20 { end -= 1 }
    return position..<end
  }
}
