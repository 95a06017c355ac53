/// Reads snapshots of a page allocator: `SNAP name … ENDSNAP name`.
///
/// Frames are hexadecimal, counts decimal. A line that no rule knows is damage.
public final class PhysicalSnapshotReader {
  let lines: LineReader

  /// Opens a file, compressed or not.
  public convenience init(path: String) throws(BadInput) {
    self.init(try ByteSource(path: path))
  }

  /// Reads `bytes` as if they were a file called `name`.
  public convenience init(name: String, bytes: [UInt8]) {
    self.init(ByteSource(name: name, bytes: bytes))
  }

  init(_ source: ByteSource) { lines = LineReader(source) }

  /// All snapshots of the file, in its order.
  ///
  /// - Throws: `BadInput` at the first line that is not as it should be.
  public func all() throws(BadInput) -> [PhysicalSnapshot] {
    var snapshots: [PhysicalSnapshot] = []
    while let line = try lines.next() {
      var line = line
      if line.isAtEnd { continue }
      guard line.skip("SNAP ") else { throw lines.bad("SNAP and a name", at: line) }
      snapshots.append(try snapshot(line.string(line.rest)))
    }
    return snapshots
  }

  private enum Part { case zones, buddyinfo, vmstat }

  private func snapshot(_ name: String) throws(BadInput) -> PhysicalSnapshot {
    var snapshot = PhysicalSnapshot(name: name)
    var part = Part.zones
    while let line = try lines.next() {
      var line = line
      if line.isAtEnd { continue }
      if line.skip("ENDSNAP ") {
        guard line.string(line.rest) == name else { throw lines.bad("the name \(name)", at: line) }
        return snapshot
      }
      if line.skip("BUDDYINFO") {
        part = .buddyinfo
      } else if line.skip("VMSTAT") {
        part = .vmstat
      } else {
        switch part {
        case .zones: try take(&line, into: &snapshot)
        case .buddyinfo: snapshot.buddyinfo.append(try lines.buddyinfoRow(&line))
        case .vmstat:
          let (name, value) = try lines.counter(&line)
          snapshot.vmstat[name] = value
        }
      }
    }
    throw BadInput(
      file: lines.name, line: lines.lineNumber, expected: "ENDSNAP \(name)", found: "the end")
  }
}
