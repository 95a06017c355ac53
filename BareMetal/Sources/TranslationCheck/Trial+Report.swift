internal import Machine
internal import MemoryTypes
internal import PageTables
internal import PhysicalMemory

extension Trial {
  /// Counts a difference, and writes the first ones.
  mutating func report(
    _ question: Question, _ walk: TranslationWalk, _ expected: Answer, _ answer: Answer,
    _ mark: UInt64?
  ) {
    tally.differences += 1
    guard tally.differences <= 10 else { return }
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
