extension StraceReader {
  /// Steps over the task number and the time, and keeps the time.
  ///
  /// Returns the task's number, 0 where the line has none; nil for what no line of strace begins with.
  func prefix(_ line: inout LineCursor) -> Int32? {
    var task: Int32 = 0
    if line.skip("[pid ") {
      line.skipSpaces()
      guard let number = line.decimal(), line.skip("]"), number > 0 else { return nil }
      guard let exact = Int32(exactly: number) else { return nil }
      task = exact
    } else if isDigit(line.peek), let number = taskNumber(&line) {
      task = number
    }
    line.skipSpaces()
    if isDigit(line.peek) {
      guard readTime(&line) else { return nil }
      line.skipSpaces()
    }
    if line.skip("(+") {
      guard line.text(before: UInt8(ascii: ")")) != nil, line.skip(")") else { return nil }
      line.skipSpaces()
    }
    while line.peek == UInt8(ascii: "[") {
      // -n and -i print the call's number and the instruction's address.
      guard line.text(before: UInt8(ascii: "]")) != nil, line.skip("]") else { return nil }
      line.skipSpaces()
    }
    return task
  }

  private func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

  /// A number that blanks follow; one with a point or a colon is a time.
  private func taskNumber(_ line: inout LineCursor) -> Int32? {
    var ahead = line
    guard let number = ahead.decimal(), ahead.peek == UInt8(ascii: " "), number > 0,
      let task = Int32(exactly: number)
    else { return nil }
    line = ahead
    return task
  }

  /// `1795407320.793191`, `12:00:01`, `12:00:01.793191`, or `0.000123` since the line before.
  private func readTime(_ line: inout LineCursor) -> Bool {
    guard var seconds = line.decimal() else { return false }
    var isClock = false
    while line.skip(":") {
      guard let next = line.decimal(), next < 60, seconds < 1 << 20 else { return false }
      seconds = seconds * 60 + next
      isClock = true
    }
    var nanoseconds: UInt64 = 0
    if line.skip(".") {
      var unit: UInt64 = 100_000_000
      while isDigit(line.peek) {
        nanoseconds &+= UInt64(line.peek &- 0x30) &* unit
        unit /= 10
        line.position += 1
      }
    } else if !isClock {
      return false
    }
    guard line.peek == UInt8(ascii: " ") else { return false }
    let value = seconds &* 1_000_000_000 &+ nanoseconds
    // Nobody waits three years for the next line: a small number is a distance.
    time = !isClock && seconds < 100_000_000 ? time &+ value : value
    return true
  }

  /// The state of the task that a line's number names.
  func task(_ number: Int32, isResumption: Bool) -> StraceTask {
    if number == 0 { return unnumberedTask }
    if let known = tasks[number] { return known }
    if number == mainAlias, let mainTask { return mainTask }
    // A child has nothing to resume.
    if !forking.isEmpty, !isResumption {
      return bear(number, of: forking.removeFirst())
    }
    if let mainTask, mainAlias == nil, mainTask.id == 0 {
      mainAlias = number
      return mainTask
    }
    let task = StraceTask(id: number)
    tasks[number] = task
    return task
  }

  /// Once a single task is left, strace numbers its lines no more.
  private var unnumberedTask: StraceTask {
    if let mainTask, mainTask.isAlive || tasks.isEmpty { return mainTask }
    if let only = tasks.only { return only }
    let task = StraceTask(id: 0)
    mainTask = task
    return task
  }
}
