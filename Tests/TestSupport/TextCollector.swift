public import MemoryTypes

/// A sink that keeps what is written.
public struct TextCollector: TextSink {
  public private(set) var bytes: [UInt8] = []

  public init() {}

  /// What was written, as a string.
  public var text: String { String(decoding: bytes, as: UTF8.self) }

  public mutating func write(_ byte: UInt8) {
    bytes.append(byte)
  }
}
