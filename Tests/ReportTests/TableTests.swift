import Report
import Testing

@Suite("Table")
struct TableTests {
  private var table: Table {
    var table = Table([.init("name", mayShrink: true), .init("pages", .right), .init("note")])
    table.addRow(["a", "5", "small"])
    table.addRow(["a longer name", "12345"])
    return table
  }

  @Test("words stand left, numbers right, and line ends carry no blanks")
  func alignment() {
    #expect(
      table.text() == """
        name           pages  note
        a                  5  small
        a longer name  12345

        """)
  }

  @Test("a narrow window cuts only the column that may shrink, and marks the cut")
  func narrowWindow() {
    #expect(
      table.text(width: 24) == """
        name        pages  note
        a               5  small
        a longer …  12345

        """)
  }

  @Test("no window is too narrow: a column never gets narrower than its title")
  func smallestWidth() {
    #expect(table.text(width: 1).hasPrefix("name  pages  note\na         5  small\na l…  12345\n"))
  }

  @Test("a table without rows is its heading")
  func noRows() {
    #expect(Table([.init("a"), .init("b", .right)]).text() == "a  b\n")
    #expect(Table([]).text() == "\n")
  }
}
