/// The maps of one address space as a log's `+` and `-` lines have made them.
///
/// Kept in address order; finding a line is logarithmic, changing one linear in their number.
final class MapsModel {
  private(set) var lines: [MapLine]

  init(_ lines: [MapLine] = []) { self.lines = lines.sorted { $0.start < $1.start } }

  /// Takes away and adds; false, with the maps in between, when a line to take away is not there.
  func apply(removed: [MapLine], added: [MapLine]) -> Bool {
    for line in removed {
      let index = index(atOrAfter: line.start)
      guard index < lines.count, lines[index] == line else { return false }
      lines.remove(at: index)
    }
    for line in added { lines.insert(line, at: index(atOrAfter: line.start)) }
    return true
  }

  /// The line that holds `address`.
  func line(at address: UInt64) -> MapLine? {
    let next = index(atOrAfter: address)
    if next < lines.count, lines[next].start == address { return lines[next] }
    guard next > 0, address < lines[next - 1].end else { return nil }
    return lines[next - 1]
  }

  private func index(atOrAfter start: UInt64) -> Int {
    var (low, high) = (0, lines.count)
    while low < high {
      let middle = (low + high) / 2
      if lines[middle].start < start { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
