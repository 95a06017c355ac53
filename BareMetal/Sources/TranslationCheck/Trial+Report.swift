internal import Machine
internal import MemoryTypes
internal import PageTables
internal import PhysicalMemory

extension Trial {
  /// Counts a difference, and writes the first of each kind.
  mutating func report(
    _ question: Question, _ walk: TranslationWalk, _ expected: Answer, _ answer: Answer,
    _ mark: UInt64?
  ) {
    tally.differences += 1
    guard tally.isNew(Difference(question, expected, answer, mark != nil)) else { return }
    console.write(question.privilege == .user ? "user " : "kernel ")
    switch question.access {
    case .read: console.write("read")
    case .write: console.write("write")
    case .execute: console.write("fetch")
    }
    write(" at ", UInt64(question.address.rawValue))
    write(": entry of level ", UInt64(walk.level.rawValue))
    write(" is ", walk.descriptor)
    console.write("\n  model:    ")
    write(expected)
    console.write("  hardware: ")
    write(answer)
    if let mark {
      write("  left ", mark)
      console.write(" in the entry\n")
    }
  }

  private mutating func write(_ answer: Answer) {
    write(answer.isFault ? "fault " : "memory ", UInt64(answer.status))
    write(" at ", answer.place)
    console.write("\n")
  }

  private mutating func write(_ text: StaticString, _ number: UInt64) {
    console.write(text)
    console.write("0x")
    console.write(hexadecimal: number)
  }
}

/// What differences of one kind have in common.
struct Difference: Equatable {
  let access: MemoryAccess
  let privilege: Privilege
  let expectedStatus: UInt32?
  let status: UInt32?
  let isMark: Bool

  init(_ question: Question, _ expected: Answer, _ answer: Answer, _ isMark: Bool) {
    access = question.access
    privilege = question.privilege
    expectedStatus = expected.isFault ? expected.status : nil
    status = answer.isFault ? answer.status : nil
    self.isMark = isMark
  }
}

extension Tally {
  /// Whether `difference` is of another kind than those noted, of which it then is one; the list
  /// ends after ten.
  mutating func isNew(_ difference: Difference) -> Bool {
    for index in 0..<kindCount where kinds[index] == difference { return false }
    guard kindCount < kinds.count else { return false }
    kinds[kindCount] = difference
    kindCount += 1
    return true
  }
}
