extension KernelTraceReader {
  /// The fields of an event, `line` standing behind its name.
  func kind(
    _ name: KernelTraceName, _ line: inout LineCursor
  ) throws(BadInput) -> KernelTraceEvent.Kind {
    switch name {
    case .pageAlloc: try allocation(&line)
    case .pageFree: .free(frame: try frame(&line), order: try small("order=", &line))
    case .pageFreeBatched: .freeBatched(frame: try frame(&line))
    case .zoneLocked: try take(&line)
    case .drain:
      .drain(
        frame: try frame(&line), order: try small("order=", &line),
        type: try small("migratetype=", &line))
    case .fallback: .fallback(try fallback(&line))
    case .kmalloc, .cacheAlloc: try object(&line, name)
    case .kfree, .cacheFree:
      .freeObject(
        address: try address(&line), cache: name == .kfree ? .max : try cache(&line))
    case .mark: mark(&line)
    default: note(name)
    }
  }

  private func note(_ name: KernelTraceName) -> KernelTraceEvent.Kind {
    switch name {
    case .beginCompaction: .movement(.beginCompaction)
    case .endCompaction: .movement(.endCompaction)
    case .isolateFree: .movement(.isolateFree)
    case .isolateUsed: .movement(.isolateUsed)
    case .isolateBlock: .movement(.isolateBlock)
    case .wakeReclaim: .wakeReclaim
    case .sleepReclaim: .sleepReclaim
    case .beginDirectReclaim: .beginDirectReclaim
    case .endDirectReclaim: .endDirectReclaim
    default: .movement(.migrate)
    }
  }

  private func allocation(_ line: inout LineCursor) throws(BadInput) -> KernelTraceEvent.Kind {
    let frame = try frame(&line)
    let order = try small("order=", &line)
    let type = try small("migratetype=", &line)
    return .allocate(frame: frame, order: order, type: type, flags: try flags(&line))
  }

  private func take(_ line: inout LineCursor) throws(BadInput) -> KernelTraceEvent.Kind {
    let frame = try frame(&line)
    let order = try small("order=", &line)
    let type = try small("migratetype=", &line)
    return .take(
      frame: frame, order: order, type: type, isRefill: try small("percpu_refill=", &line) != 0)
  }

  private func fallback(_ line: inout LineCursor) throws(BadInput) -> TracedFallback {
    let frame = try frame(&line)
    let order = try small("alloc_order=", &line)
    let fallbackOrder = try small("fallback_order=", &line)
    let type = try small("alloc_migratetype=", &line)
    return TracedFallback(
      frame: frame, order: order, fallbackOrder: fallbackOrder, type: type,
      fallbackType: try small("fallback_migratetype=", &line))
  }

  private func object(
    _ line: inout LineCursor, _ name: KernelTraceName
  ) throws(BadInput) -> KernelTraceEvent.Kind {
    let address = try address(&line)
    let cache = name == .cacheAlloc ? optionalCache(&line) : .max
    let requested = try number("bytes_req=", &line)
    let allocated = try number("bytes_alloc=", &line)
    return .allocateObject(
      address: address, requested: requested, allocated: allocated, flags: try flags(&line),
      cache: cache)
  }

  private func mark(_ line: inout LineCursor) -> KernelTraceEvent.Kind {
    line.skipSpaces()
    var end = line.end
    while end > line.position, line.byte(at: end - 1) <= 0x20 { end -= 1 }
    return .mark(index(of: line.position..<end, in: line))
  }

  private func frame(_ line: inout LineCursor) throws(BadInput) -> UInt64 {
    try number("pfn=", &line)
  }

  /// `ptr=` and hexadecimal digits with or without `0x`; `(null)` is 0.
  private func address(_ line: inout LineCursor) throws(BadInput) -> UInt64 {
    guard line.seek("ptr=") else { throw lines.bad("ptr=", at: line) }
    if line.skip("(nil)") || line.skip("(null)") { return 0 }
    _ = line.skip("0x")
    guard let value = line.hexadecimal() else { throw lines.bad("an address", at: line) }
    return value
  }

  private func cache(_ line: inout LineCursor) throws(BadInput) -> UInt32 {
    guard line.seek("name=") else { return .max }
    return valueIndex(&line)
  }

  private func optionalCache(_ line: inout LineCursor) -> UInt32 {
    let start = line.position
    guard line.seek("name=") else {
      line.position = start
      return .max
    }
    return valueIndex(&line)
  }

  private func valueIndex(_ line: inout LineCursor) -> UInt32 {
    let start = line.position
    while line.peek > 0x20 { line.position += 1 }
    return index(of: start..<line.position, in: line)
  }

  private func small(
    _ key: StaticString, _ line: inout LineCursor
  ) throws(BadInput) -> UInt8 {
    let start = line
    guard let value = UInt8(exactly: try number(key, &line)) else {
      throw lines.bad("\(key) and a number up to 255", at: start)
    }
    return value
  }

  private func number(
    _ key: StaticString, _ line: inout LineCursor
  ) throws(BadInput) -> UInt64 {
    let start = line
    guard line.seek(key), let value = line.number() else {
      throw lines.bad("\(key) and a number", at: start)
    }
    return value
  }

  private func flags(_ line: inout LineCursor) throws(BadInput) -> GFPFlags {
    let start = line
    guard line.seek("gfp_flags="), let value = line.value(GFPSymbols.table) else {
      throw lines.bad("gfp_flags= and names joined by |", at: start)
    }
    return GFPFlags(rawValue: UInt32(truncatingIfNeeded: value))
  }
}

extension LineCursor {
  /// Steps behind the next word that begins with `key`; false, at the line's end, without one.
  @inline(__always)
  mutating func seek(_ key: StaticString) -> Bool {
    while true {
      skipSpaces()
      if skip(key) { return true }
      guard let space = offset(of: 0x20, from: position) else { return false }
      position = space
    }
  }
}
