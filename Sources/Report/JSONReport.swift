public import Foundation

/// The conventions of every JSON document that Octavo writes.
///
/// A document is one object: `format` names its schema (`octavo-layout`), `version` counts the
/// schema's incompatible changes, `content` holds the rest. Keys are sorted, so that two documents
/// can be compared as text. Sizes are bytes, times nanoseconds, addresses strings such as
/// `"0x7ffff7fff000"`. A key may be added without a new version; none changes its meaning.
public enum JSONReport {
  private struct Document<Content: Encodable>: Encodable {
    var format: String
    var version: Int
    var content: Content
  }

  /// The bytes of a document, ended by a newline.
  ///
  /// - Throws: what `content` throws while it encodes itself.
  public static func data(
    format: String, version: Int = 1, _ content: some Encodable
  ) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    var data = try encoder.encode(Document(format: format, version: version, content: content))
    data.append(UInt8(ascii: "\n"))
    return data
  }
}
