import AddressSpaces
import Foundation
import Testing

/// The one table of what kernels do differently.
struct KernelRulesTests {
  private var rows: [KernelRules.Row] {
    (0..<KernelRules.rowCount).map { KernelRules.row($0) }
  }

  @Test("every rule has one bit and one row")
  func bits() {
    for (index, row) in rows.enumerated() {
      #expect(row.rule.rawValue.nonzeroBitCount == 1)
      #expect(rows.firstIndex { $0.rule == row.rule } == index)
    }
  }

  @Test("a rule is in force from its version on")
  func since() {
    for row in rows {
      #expect(KernelRules(row.since).contains(row.rule))
      let before = LinuxVersion(row.since.major, row.since.minor - 1)
      #expect(!KernelRules(before).contains(row.rule))
    }
    #expect(
      KernelRules(LinuxVersion(6, 18)).rawValue.nonzeroBitCount == KernelRules.rowCount)
    #expect(KernelRules(LinuxVersion(6, 1)) == [])
  }

  @Test("the documentation has the same rows")
  func documented() throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Docs/kernel-versions.md")
    let text = try String(contentsOf: file, encoding: .utf8)
    for row in rows {
      let line =
        "| `\(row.name)` | \(row.since.major).\(row.since.minor) | \(row.now) | \(row.before) | "
        + "`\(row.function)` |"
      #expect(text.contains(line + "\n"), "\(line)")
    }
    let count = text.split(separator: "\n").count { $0.hasPrefix("| `") }
    #expect(count == rows.count)
  }
}
