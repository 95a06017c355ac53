/// Rows under headings, laid out for a terminal.
///
/// Widths are counted in characters of one cell each, which holds for everything Octavo prints
/// but may not for a file name in a wide script.
public struct Table: Sendable {
  /// A heading and how the cells below it stand.
  public struct Column: Hashable, Sendable {
    public var title: String
    public var alignment: Alignment
    /// Whether the cells may be cut when the table is wider than the window.
    public var mayShrink: Bool

    public init(_ title: String, _ alignment: Alignment = .left, mayShrink: Bool = false) {
      self.title = title
      self.alignment = alignment
      self.mayShrink = mayShrink
    }
  }

  /// Words stand left, numbers right.
  public enum Alignment: Hashable, Sendable {
    case left, right
  }

  public let columns: [Column]
  public private(set) var rows: [[String]] = []

  public init(_ columns: [Column]) { self.columns = columns }

  /// Appends a row; missing cells at its end are empty.
  ///
  /// - Precondition: not more cells than columns.
  public mutating func addRow(_ cells: [String]) {
    precondition(cells.count <= columns.count, "a row has more cells than the table columns")
    rows.append(cells + Array(repeating: "", count: columns.count - cells.count))
  }

  /// The table as lines that each end in a newline, without blanks at line ends.
  ///
  /// - Parameter width: characters a line may have; nil for no limit. Only columns that may shrink
  ///   are cut, down to their title's width, and a cut cell ends in "…".
  public func text(width: Int? = nil) -> String {
    let widths = columnWidths(limit: width)
    let heading = line(columns.map(\.title), widths: widths)
    return rows.reduce(heading) { $0 + line($1, widths: widths) }
  }

  private func columnWidths(limit: Int?) -> [Int] {
    var widths = columns.indices.map { column in
      rows.reduce(columns[column].title.count) { max($0, $1[column].count) }
    }
    guard let limit else { return widths }
    let gaps = Self.gap.count * (columns.count - 1)
    for column in columns.indices.reversed() where columns[column].mayShrink {
      let excess = widths.reduce(gaps, +) - limit
      guard excess > 0 else { break }
      widths[column] = max(columns[column].title.count, widths[column] - excess)
    }
    return widths
  }

  private func line(_ cells: [String], widths: [Int]) -> String {
    var line = ""
    for column in columns.indices {
      let cell = Self.cut(cells[column], to: widths[column])
      let padding = String(repeating: " ", count: widths[column] - cell.count)
      line += column == 0 ? "" : Self.gap
      line += columns[column].alignment == .left ? cell + padding : padding + cell
    }
    while line.last == " " { line.removeLast() }
    return line + "\n"
  }

  private static var gap: String { "  " }

  private static func cut(_ cell: String, to width: Int) -> String {
    guard cell.count > width else { return cell }
    return width == 0 ? "" : cell.prefix(width - 1) + "…"
  }
}
