import CI386
public import MemoryTypes

/// The first serial port of a PC.
public struct Console: TextSink {
  public init() {}

  public func write(_ byte: UInt8) {
    let transmitterIsEmpty: UInt8 = 1 << 5
    while read_port8(0x3fd) & transmitterIsEmpty == 0 { pause_processor() }
    write_port8(0x3f8, byte)
  }
}
