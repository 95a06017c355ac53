extension PhysicalSnapshotReader {
  /// A line about a zone.
  func take(_ line: inout LineCursor, into snapshot: inout PhysicalSnapshot) throws(BadInput) {
    let start = line
    switch line.string(line.word()) {
    case "TOTALRESERVE": snapshot.totalReserve = try number(&line)
    case "ZONE": snapshot.zones.append(try zone(&line))
    case "PCP": try takeSet(&line, into: &snapshot)
    case "PCPL": try takeList(&line, into: &snapshot)
    case "NR": try takeCount(&line, into: &snapshot)
    case "FREE": try takeFree(&line, into: &snapshot)
    case "PB": try takeBlocks(&line, into: &snapshot)
    default: throw lines.bad("a line of a snapshot", at: start)
    }
  }

  private func zone(_ line: inout LineCursor) throws(BadInput) -> ZoneSnapshot {
    var zone = ZoneSnapshot()
    zone.node = try index(&line)
    zone.index = try index(&line)
    line.skipSpaces()
    zone.name = line.string(line.word())
    while true {
      line.skipSpaces()
      if line.isAtEnd { return zone }
      let start = line
      let key = line.string(line.word())
      let isFrame = key == "start" || key.hasPrefix("compact")
      let values = numbers(&line, isHexadecimal: isFrame)
      guard let first = values.first else { throw lines.bad("a key and numbers", at: start) }
      zone.set(key, first, values)
    }
  }

  private func takeSet(
    _ line: inout LineCursor, into snapshot: inout PhysicalSnapshot
  ) throws(BadInput) {
    let zone = try zoneIndex(&line, in: snapshot)
    var set = PerCPUSnapshot()
    while true {
      line.skipSpaces()
      if line.isAtEnd { break }
      let start = line
      let key = line.string(line.word())
      let value = try number(&line)
      switch key {
      case "cpu": set.cpu = Int(clamping: value)
      case "count": set.count = value
      case "high": set.high = value
      case "high_min": set.highMinimum = value
      case "high_max": set.highMaximum = value
      case "batch": set.batch = value
      default: throw lines.bad("a field of a per-CPU set", at: start)
      }
    }
    snapshot.zones[zone].sets.append(set)
  }

  private func takeList(
    _ line: inout LineCursor, into snapshot: inout PhysicalSnapshot
  ) throws(BadInput) {
    let zone = try zoneIndex(&line, in: snapshot)
    let start = line
    let cpu = try index(&line)
    let list = try index(&line)
    guard list < 64, let set = snapshot.zones[zone].sets.firstIndex(where: { $0.cpu == cpu })
    else { throw lines.bad("a processor with a PCP line, and a list below 64", at: start) }
    let missing = list + 1 - snapshot.zones[zone].sets[set].lists.count
    if missing > 0 {
      snapshot.zones[zone].sets[set].lists += Array(repeating: [], count: missing)
    }
    snapshot.zones[zone].sets[set].lists[list] = try frames(&line)
  }

  private func takeCount(
    _ line: inout LineCursor, into snapshot: inout PhysicalSnapshot
  ) throws(BadInput) {
    let zone = try zoneIndex(&line, in: snapshot)
    let start = line
    guard try index(&line) == snapshot.zones[zone].freeCounts.count else {
      throw lines.bad("the next order", at: start)
    }
    snapshot.zones[zone].freeCounts.append(try number(&line))
  }

  private func takeFree(
    _ line: inout LineCursor, into snapshot: inout PhysicalSnapshot
  ) throws(BadInput) {
    let zone = try zoneIndex(&line, in: snapshot)
    let start = line
    let order = try index(&line)
    let type = try index(&line)
    guard order < 32, type < 8 else { throw lines.bad("an order and a type", at: start) }
    snapshot.zones[zone].free.append(
      FreeListSnapshot(order: order, type: type, frames: try frames(&line)))
  }

  private func takeBlocks(
    _ line: inout LineCursor, into snapshot: inout PhysicalSnapshot
  ) throws(BadInput) {
    let zone = try zoneIndex(&line, in: snapshot)
    line.skipSpaces()
    guard let start = line.hexadecimal() else { throw lines.bad("a frame", at: line) }
    let count = try number(&line)
    let bits = try index(&line)
    // The fourth bit of a pageblock is compaction's own.
    snapshot.zones[zone].pageblocks.append(
      PageblockRun(start: start, count: count, type: bits & 7, isSkipped: bits & 8 != 0))
  }

  private func zoneIndex(
    _ line: inout LineCursor, in snapshot: PhysicalSnapshot
  ) throws(BadInput) -> Int {
    let start = line
    let node = try index(&line)
    let zone = try index(&line)
    guard
      let place = snapshot.zones.firstIndex(where: { $0.node == node && $0.index == zone })
    else { throw lines.bad("a zone with a ZONE line", at: start) }
    return place
  }

  private func number(_ line: inout LineCursor) throws(BadInput) -> UInt64 {
    line.skipSpaces()
    guard let value = line.decimal() else { throw lines.bad("a number", at: line) }
    return value
  }

  private func index(_ line: inout LineCursor) throws(BadInput) -> Int {
    Int(clamping: try number(&line))
  }

  /// Numbers up to the next word that is none.
  private func numbers(_ line: inout LineCursor, isHexadecimal: Bool) -> [UInt64] {
    var values: [UInt64] = []
    while true {
      line.skipSpaces()
      var next = line
      guard let value = isHexadecimal ? next.hexadecimal() : next.decimal(),
        next.isAtEnd || next.peek == 0x20
      else { return values }
      values.append(value)
      line = next
    }
  }

  private func frames(_ line: inout LineCursor) throws(BadInput) -> [UInt64] {
    let frames = numbers(&line, isHexadecimal: true)
    guard line.isAtEnd else { throw lines.bad("a frame", at: line) }
    return frames
  }
}

extension ZoneSnapshot {
  /// Takes a field of a ZONE line; those that nothing needs are stepped over.
  fileprivate mutating func set(_ key: String, _ value: UInt64, _ values: [UInt64]) {
    switch key {
    case "start": start = value
    case "spanned": spanned = value
    case "present": present = value
    case "managed": managed = value
    case "wm": marks = values
    case "boost": boost = value
    case "reserve": lowmemReserve = values
    case "highatomic": highAtomic = value
    case "cma": contiguous = value
    default: break
    }
  }
}
