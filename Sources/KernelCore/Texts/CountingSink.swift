internal import MemoryTypes

/// Passes text on and counts its bytes, for columns behind text of any width.
struct CountingSink<Sink: TextSink>: TextSink {
  var sink: Sink
  private(set) var count = 0

  init(_ sink: Sink) { self.sink = sink }

  mutating func write(_ byte: UInt8) {
    count &+= 1
    sink.write(byte)
  }
}
