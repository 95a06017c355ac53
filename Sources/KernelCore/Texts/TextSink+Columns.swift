internal import MemoryTypes

extension TextSink {
  /// Writes `text` after spaces up to `width` bytes in all. C: `%*s`.
  mutating func write(_ text: StaticString, rightAlignedTo width: Int) {
    pad(width &- text.utf8CodeUnitCount, with: UInt8(ascii: " "))
    write(text)
  }

  /// Writes a line of `indent` spaces, a name padded to `width`, a space and a count.
  mutating func writeCount(_ name: StaticString, _ count: UInt, indent: Int, width: Int) {
    pad(indent, with: UInt8(ascii: " "))
    write(name, width: width)
    write(" ")
    write(decimal: UInt64(count))
    write("\n")
  }
}
