import AddressSpaces
import Foundation
import KernelCore
import Machine
import MemoryTypes
import Testing

/// Every error of the manual pages, reached through the table of calls.
struct ErrnoTests {
  private static var rows: [ErrnoRow] { ErrnoPage.all.flatMap(\.rows) }

  @Test("a call is refused with the number of its manual page", arguments: rows.filter(\.isReached))
  func refused(_ row: ErrnoRow) throws {
    let trial = try ErrnoTrial(row.architecture)
    let result = try #require(try row.attempt?(trial))
    #expect(result < 0)
    #expect(ErrnoRow.name(Errno(Int32(truncatingIfNeeded: -result))) == row.answer)
    trial.task.pointee.space.pointee.checkInvariants()
    trial.end()
  }

  @Test("no condition stands twice")
  func distinct() {
    #expect(Set(Self.rows.map(\.line)).count == Self.rows.count)
  }

  @Test("each call of the table has rows")
  func complete() {
    for call in SystemCall.allCases where call != .munlockall {
      let rows = Self.rows.filter { $0.call == "\(call.name)" && $0.isReached }
      #expect(!rows.isEmpty, "\(call.name)")
    }
  }

  @Test("the documentation has the same rows, page by page")
  func documented() throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Docs/errors.md")
    let text = try String(contentsOf: file, encoding: .utf8)
    let found = text.split(separator: "\n").filter { $0.hasPrefix("## ") || $0.hasPrefix("| ") }
      .filter { !$0.hasPrefix("| call |") }.map(String.init)
    let expected = ErrnoPage.all.flatMap { ["## " + $0.name] + $0.rows.map(\.line) }
    for (line, row) in zip(found, expected) { #expect(line == row) }
    #expect(found.count == expected.count)
  }
}

extension ErrnoRow {
  var isReached: Bool { attempt != nil }
}
