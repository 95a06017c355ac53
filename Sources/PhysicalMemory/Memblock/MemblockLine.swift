public import MemoryTypes

/// One line of the log that `memblock=debug` makes, without what the caller's name adds.
/// Linux: `memblock_dbg()`, mm/memblock.c.
public enum MemblockLine: Hashable, Sendable {
  case add(PhysicalRange)
  case remove(PhysicalRange)
  case reserve(PhysicalRange)
  case free(PhysicalRange)

  /// Writes the line without its end; `digits` is 16, or 8 where addresses have 32 bits.
  public func write(to sink: inout some TextSink, digits: Int = 16) {
    sink.write(name)
    range.writeBrackets(to: &sink, digits: digits)
  }

  private var name: StaticString {
    switch self {
    case .add: "memblock_add: "
    case .remove: "memblock_remove: "
    case .reserve: "memblock_reserve: "
    case .free: "memblock_phys_free: "
    }
  }

  /// What the line is about.
  public var range: PhysicalRange {
    switch self {
    case .add(let range), .remove(let range), .reserve(let range), .free(let range): range
    }
  }
}

extension Memblock {
  /// Writes both arrays as the kernel prints them, each line ended. Linux: `memblock_dump_all()`.
  ///
  /// - Parameters:
  ///   - digits: Of an address: 16, or 8 where addresses have 32 bits.
  ///   - showsNodes: Whether the kernel knows nodes; regions without one show none.
  public func writeConfiguration(
    to sink: inout some TextSink, digits: Int = 16, showsNodes: Bool = true
  ) {
    sink.write("MEMBLOCK configuration:\n memory size = ")
    sink.writeAddress(memory.byteCount, digits: digits)
    sink.write(" reserved size = ")
    sink.writeAddress(reserved.byteCount, digits: digits)
    sink.write("\n")
    memory.write("memory", to: &sink, digits: digits, showsNodes: showsNodes)
    reserved.write("reserved", to: &sink, digits: digits, showsNodes: showsNodes)
  }
}

extension MemblockRegions {
  fileprivate func write(
    _ name: StaticString, to sink: inout some TextSink, digits: Int, showsNodes: Bool
  ) {
    sink.write(" ")
    sink.write(name)
    sink.write(".cnt  = 0x")
    sink.write(hexadecimal: UInt64(count))
    sink.write("\n")
    var index = 0
    while index < count {
      sink.write(" ")
      sink.write(name)
      sink.write("[0x")
      sink.write(hexadecimal: UInt64(index))
      sink.write("]\t")
      self[index].write(to: &sink, digits: digits, showsNodes: showsNodes)
      index += 1
    }
  }
}

extension MemblockRegion {
  fileprivate func write(to sink: inout some TextSink, digits: Int, showsNodes: Bool) {
    range.writeBrackets(to: &sink, digits: digits)
    sink.write(", ")
    sink.writeAddress(range.count, digits: digits)
    sink.write(" bytes")
    if showsNodes && node != Self.noNode {
      sink.write(" on node ")
      sink.write(signedDecimal: Int64(node))
    }
    sink.write(" flags: 0x")
    sink.write(hexadecimal: UInt64(flags.rawValue))
    sink.write("\n")
  }
}

extension PhysicalRange {
  /// Writes the range with its last byte, as the kernel's logs do.
  fileprivate func writeBrackets(to sink: inout some TextSink, digits: Int) {
    sink.write("[")
    sink.writeAddress(start.rawValue, digits: digits)
    sink.write("-")
    sink.writeAddress(end.rawValue &- 1, digits: digits)
    sink.write("]")
  }
}

extension TextSink {
  fileprivate mutating func writeAddress(_ value: UInt64, digits: Int) {
    write("0x")
    write(hexadecimal: value, digits: digits)
  }
}
