internal import MemoryTypes
internal import PhysicalMemory

/// The text about one finding, in the form of mm/slab.c (6.1).
struct QueuedReport {
  private let core: Ref<SlabCore>
  private var sink: HeapReports

  init(_ core: Ref<SlabCore>, _ sink: HeapReports) {
    self.core = core
    self.sink = sink
  }

  /// Linux: `slab_error()`.
  mutating func error(_ what: StaticString) {
    sink.write("slab error: cache `")
    sink.write(core.pointee.name)
    sink.write("': ")
    sink.write(what)
    endLine()
  }

  /// What stands around the object, and who had it last. Linux: `verify_redzone_free()`.
  mutating func zones(_ object: UInt) {
    let bytes = QueuedBytes(object, core)
    sink.write(hexadecimal: UInt64(object))
    if bytes.isRedZoned {
      sink.write(": redzone 1:0x")
      sink.write(hexadecimal: bytes.zones.left)
      sink.write(", redzone 2:0x")
      sink.write(hexadecimal: bytes.zones.right)
    }
    endLine()
    user(of: object)
  }

  /// A free object was written to. Linux: `check_poison_obj()`.
  mutating func corruption(_ object: UInt, _ damage: ClosedRange<UInt>) {
    sink.write("Slab corruption: ")
    sink.write(core.pointee.name)
    sink.write(" start=")
    sink.write(hexadecimal: UInt64(object))
    sink.write(", len=")
    sink.write(decimal: UInt64(core.pointee.geometry.objectSize.rawValue))
    endLine()
    user(of: object)
    let first = (damage.lowerBound &- object) & ~15
    dump(object, first..<(damage.upperBound &- object &+ 1))
  }

  /// Linux: `cache_from_obj()`.
  mutating func foreign(_ object: UInt, isOfOtherCache: Bool) {
    error(isOfOtherCache ? "Wrong slab cache" : "no object starts here")
    sink.write("object ")
    sink.write(hexadecimal: UInt64(object))
    endLine()
  }

  /// Linux: `kfree_debugcheck()`.
  mutating func outOfRange(_ object: UInt) {
    error("out of range ptr")
    sink.write("object ")
    sink.write(hexadecimal: UInt64(object))
    endLine()
  }

  mutating func slab(_ slab: Ref<Page>) {
    sink.write("slab ")
    sink.write(hexadecimal: UInt64(core.pointee.window.address(of: slab)))
    endLine()
  }

  /// Linux: `print_objinfo()`.
  mutating func user(of object: UInt) {
    let user = QueuedBytes(object, core).user
    guard user != 0 else { return }
    sink.write("Last user: (0x")
    sink.write(hexadecimal: UInt64(user))
    sink.write(")")
    endLine()
  }

  /// Linux: `dump_line()`.
  private mutating func dump(_ object: UInt, _ offsets: Range<UInt>) {
    var line = offsets.lowerBound
    while line < offsets.upperBound {
      sink.write(hexadecimal: UInt64(line), digits: 3)
      sink.write(":")
      for offset in line..<min(line + 16, core.pointee.geometry.objectSize.rawValue) {
        sink.pad(1, with: UInt8(ascii: " "))
        sink.write(hexadecimal: UInt64(WatchedBytes.byte(object &+ offset)), digits: 2)
      }
      endLine()
      line += 16
    }
  }

  private mutating func endLine() { sink.write(UInt8(ascii: "\n")) }
}
