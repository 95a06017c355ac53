import MemoryTypes

/// The places of a user layout as a table, lowest address first, as `/proc/PID/maps` goes.
public struct LayoutTable: Sendable {
  public let sheet: LayoutSheet

  public init(_ sheet: LayoutSheet) { self.sheet = sheet }

  /// A heading line and the table.
  ///
  /// - Parameter width: characters a line may have; nil for no limit.
  public func text(width: Int? = nil) -> String {
    var table = Table([
      .init("place"), .init("address", .right), .init("ASLR bits", .right),
      .init("with ASLR", .left), .init("Linux", mayShrink: true),
    ])
    for place in LayoutPlace.all(of: sheet) {
      table.addRow([
        place.name, place.address ?? "", place.entropy?.text ?? "", place.range?.text ?? "",
        place.rule,
      ])
    }
    return "\(sheet.title)\n\(table.text(width: width))"
  }
}

extension LayoutSheet {
  /// The platform, the page size and the stack limit in one line.
  public var title: String {
    let limit = "stack limit \(Units.option(stackLimit))"
    return "\(platform.name), \(Units.option(pageSize.bytes)) pages, \(limit)"
  }
}

extension LayoutSheet.Platform {
  /// The platform for people, with the width of its addresses where there is a choice.
  public var name: String {
    switch self {
    case .x86_64: "x86-64, 47-bit addresses"
    case .x86FiveLevel: "x86-64, 56-bit addresses (la57)"
    case .i386: "i386, 3 GB / 1 GB"
    case .i386OnX86: "i386 program on an x86-64 kernel"
    case .arm64(let bits): "arm64, \(bits)-bit addresses"
    }
  }
}

extension LayoutSheet.Entropy {
  var text: String { smallest == largest ? "\(smallest)" : "\(smallest)-\(largest)" }
}

extension VirtualRange {
  var text: String { "\(Units.address(start))-\(Units.address(end))" }
}
