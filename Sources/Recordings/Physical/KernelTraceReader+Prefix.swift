extension KernelTraceReader {
  /// What stands before an event's name; nil, with `line` where it was, for another line.
  func prefix(_ line: inout LineCursor) -> KernelTraceEvent? {
    let start = line
    guard let bracket = bracket(of: line), let task = task(before: bracket, in: line) else {
      return nil
    }
    line.position = bracket + 1
    guard let cpu = line.decimal(), line.skip("]") else {
      line = start
      return nil
    }
    line.skipSpaces()
    let context = context(&line)
    guard let time = time(&line) else {
      line = start
      return nil
    }
    line.skipSpaces()
    return KernelTraceEvent(
      line: lines.lineNumber, time: time, task: task, cpu: UInt16(clamping: cpu),
      context: context, thread: thread(of: start), kind: .sleepReclaim)
  }

  /// The place of the `[` before the processor. ftrace pads the task to 24 columns, so it mostly
  /// stands in the 26th; names of tasks may hold brackets themselves.
  private func bracket(of line: LineCursor) -> Int? {
    if isBracket(line, 25) { return 25 }
    var place = line.position
    while let found = line.offset(of: 0x5b, from: place) {
      if isBracket(line, found) { return found }
      place = found + 1
    }
    return nil
  }

  @inline(__always)
  private func isBracket(_ line: LineCursor, _ place: Int) -> Bool {
    line.byte(at: place) == 0x5b && line.byte(at: place - 1) == 0x20
      && line.byte(at: place + 1) &- 0x30 < 10
      && (line.byte(at: place + 4) == 0x5d || line.offset(of: 0x5d, from: place) != nil)
  }

  /// The digits before `place`: `bash-10528`, `bash-10528 (  10528)`, `bash 10528`,
  /// `bash 10528/10528`.
  private func task(before place: Int, in line: LineCursor) -> Int32? {
    var end = place
    while line.byte(at: end - 1) == 0x20 { end -= 1 }
    if line.byte(at: end - 1) == 0x29 {
      while end > 0, line.byte(at: end - 1) != 0x28 { end -= 1 }
      end -= 1
      while line.byte(at: end - 1) == 0x20 { end -= 1 }
    }
    var start = end
    var value: Int32 = 0
    var weight: Int32 = 1
    while line.byte(at: start - 1) &- 0x30 < 10 {
      start -= 1
      value = value &+ weight &* Int32(line.byte(at: start) &- 0x30)
      weight = weight &* 10
    }
    let separator = line.byte(at: start - 1)
    guard start < end, separator == 0x2d || separator == 0x20 || separator == 0x2f else {
      return nil
    }
    return value
  }

  /// The flags column, if there is one: `d.s2.`.
  private func context(_ line: inout LineCursor) -> KernelTraceEvent.Context {
    guard line.peek &- 0x30 >= 10 else { return [] }
    var context: KernelTraceEvent.Context = []
    if line.peek == 0x64 || line.peek == 0x44 { context.insert(.interruptsOff) }
    switch line.byte(at: line.position + 2) {
    case 0x73: context.insert(.softInterrupt)
    case 0x68, 0x7a: context.insert(.hardInterrupt)
    case 0x48, 0x5a: context.formUnion([.softInterrupt, .hardInterrupt])
    default: break
    }
    while line.peek != 0x20, !line.isAtEnd { line.position += 1 }
    line.skipSpaces()
    return context
  }

  /// Seconds with six or nine digits behind the point, and a colon.
  private func time(_ line: inout LineCursor) -> UInt64? {
    guard let seconds = line.decimal(), line.skip(".") else { return nil }
    let start = line.position
    guard var fraction = line.decimal() else { return nil }
    var digits = line.position - start
    guard digits <= 9, line.skip(":") else { return nil }
    while digits < 9 {
      fraction *= 10
      digits += 1
    }
    return seconds &* 1_000_000_000 &+ fraction
  }

  private func thread(of line: LineCursor) -> KernelTraceEvent.Thread {
    var line = line
    line.skipSpaces()
    guard line.peek == 0x6b else { return .other }
    if line.skip("kworker") { return .worker }
    if line.skip("kswapd") { return .reclaim }
    return line.skip("kcompactd") ? .compaction : .other
  }
}
