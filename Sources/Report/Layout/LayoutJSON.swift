public import Foundation
import MemoryTypes

/// User layouts as a document of format `octavo-layout`.
///
/// `content` is an array with one object per layout: `platform`, `pageBytes`,
/// `virtualAddressBits`, `stackLimitBytes` and `places`. A place has a `name`, the Linux `rule`, its
/// `address` without randomisation (absent where the program decides), and with randomisation the
/// `entropyBits` (`smallest`, `largest`; in pages) and the addresses `lowest` and `highest`.
public enum LayoutJSON {
  public static func data(_ sheets: [LayoutSheet]) throws -> Data {
    try JSONReport.data(format: "octavo-layout", sheets.map(Content.init))
  }

  private struct Content: Encodable {
    var platform: String
    var pageBytes: UInt
    var stackLimitBytes: UInt
    var virtualAddressBits: Int
    var places: [Place]

    init(_ sheet: LayoutSheet) {
      platform = sheet.platform.key
      pageBytes = sheet.pageSize.bytes.rawValue
      stackLimitBytes = sheet.stackLimit.rawValue
      virtualAddressBits = sheet.virtualAddressBits
      places = LayoutPlace.all(of: sheet).map(Place.init)
    }
  }

  private struct Place: Encodable {
    var name: String
    var rule: String
    var address: String?
    var entropyBits: Bits?
    var lowest: String?
    var highest: String?

    struct Bits: Encodable {
      var smallest: UInt8
      var largest: UInt8
    }

    init(_ place: LayoutPlace) {
      name = place.name
      rule = place.rule
      address = place.address
      entropyBits = place.entropy.map { Bits(smallest: $0.smallest, largest: $0.largest) }
      lowest = place.range.map { Units.address($0.start) }
      highest = place.range.map { Units.address($0.end) }
    }
  }
}

extension LayoutSheet.Platform {
  /// The platform as options and documents spell it.
  var key: String {
    switch self {
    case .x86_64, .x86FiveLevel: "x86_64"
    case .i386: "i386"
    case .i386OnX86: "i386-on-x86_64"
    case .arm64: "arm64"
    }
  }
}
