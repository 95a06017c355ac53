internal import MemoryTypes
internal import PhysicalMemory
internal import Synchronization

/// The text about one finding, in the kernel's form. Linux: `slab_bug()`, `print_trailer()`.
struct SlabReport {
  private let core: Ref<SlabCore>
  private let slab: Ref<Page>?
  private var sink: HeapReports

  init(_ core: Ref<SlabCore>, _ slab: Ref<Page>?, _ sink: HeapReports) {
    self.core = core
    self.slab = slab
    self.sink = sink
  }

  /// Something is wrong with an object, or with the slab. Linux: `object_err()`.
  mutating func found(_ what: StaticString, _ object: UInt?) {
    begin(what, isOverwrite: false)
    describeSlab()
    if let object { describe(object) }
  }

  /// Bytes are not what they must be. Linux: `check_bytes_and_report()`.
  mutating func overwritten(
    _ what: StaticString, _ wrong: ClosedRange<UInt>, _ value: UInt8, _ object: UInt?
  ) {
    begin(what, isOverwrite: true)
    write(wrong)
    sink.write(" @offset=")
    sink.write(decimal: UInt64(offset(of: wrong.lowerBound)))
    sink.write(". First byte 0x")
    sink.write(hexadecimal: UInt64(WatchedBytes.byte(wrong.lowerBound)))
    sink.write(" instead of 0x")
    sink.write(hexadecimal: UInt64(value))
    endLine()
    describeSlab()
    if let object { describe(object) }
    beginFix()
    sink.write("Restoring ")
    sink.write(what)
    sink.pad(1, with: UInt8(ascii: " "))
    write(wrong)
    sink.write("=0x")
    sink.write(hexadecimal: UInt64(value))
    endLine()
  }

  /// What was done about it. Linux: `slab_fix()`.
  mutating func fix(_ what: StaticString, _ object: UInt? = nil) {
    beginFix()
    sink.write(what)
    if let object {
      sink.write(" 0x")
      sink.write(hexadecimal: UInt64(object))
    }
    endLine()
  }

  /// An object that lives when its cache shall go. Linux: `list_slab_objects()`.
  mutating func remaining(_ object: UInt) {
    sink.write("Object 0x")
    sink.write(hexadecimal: UInt64(object))
    endLine()
    if core.pointee.design == .slab {
      var report = QueuedReport(core, sink)
      report.user(of: object)
    } else {
      describeUsers(object)
    }
  }

  mutating func beginRemaining(_ count: UInt) {
    begin("Objects remaining on __kmem_cache_shutdown()", isOverwrite: false)
    sink.write(decimal: UInt64(count))
    sink.write(" objects")
    endLine()
  }

  private mutating func begin(_ what: StaticString, isOverwrite: Bool) {
    sink.pad(77, with: UInt8(ascii: "="))
    endLine()
    sink.write("BUG ")
    sink.write(core.pointee.name)
    sink.write(" (Not tainted): ")
    sink.write(what)
    if isOverwrite { sink.write(" overwritten") }
    endLine()
    sink.pad(77, with: UInt8(ascii: "-"))
    endLine()
    endLine()
  }

  private mutating func beginFix() {
    sink.write("FIX ")
    sink.write(core.pointee.name)
    sink.write(": ")
  }

  private mutating func describeSlab() {
    guard let slab else { return }
    let state = slab.slub
    sink.write("Slab 0x")
    sink.write(hexadecimal: UInt64(slab.address))
    sink.write(" objects=")
    sink.write(decimal: UInt64(state.counters.objects))
    sink.write(" used=")
    sink.write(decimal: UInt64(state.counters.inUse))
    sink.write(" fp=0x")
    sink.write(hexadecimal: UInt64(state.first))
    endLine()
  }

  private mutating func describe(_ object: UInt) {
    sink.write("Object 0x")
    sink.write(hexadecimal: UInt64(object))
    if slab != nil {
      sink.write(" @offset=")
      sink.write(decimal: UInt64(offset(of: object)))
    }
    endLine()
    guard slab != nil else { return }
    describeUsers(object)
    let bytes = WatchedBytes(object, core)
    dump("Redzone  ", object &- bytes.leftZone, bytes.leftZone)
    dump("Object   ", object, min(bytes.size, 64))
    dump("Redzone  ", object &+ bytes.size, bytes.rightZone)
  }

  /// Linux: `print_tracking()`.
  private mutating func describeUsers(_ object: UInt) {
    let bytes = WatchedBytes(object, core)
    if let track = bytes.track(.allocation) { write("Allocated", track) }
    if let track = bytes.track(.free) { write("Freed", track) }
  }

  private mutating func write(_ verb: StaticString, _ track: SlabTrack) {
    guard track.user != 0 else { return }
    sink.write(verb)
    sink.write(" in 0x")
    sink.write(hexadecimal: UInt64(track.user))
    sink.write(" cpu=")
    sink.write(decimal: UInt64(track.processor))
    endLine()
  }

  /// Linux: `print_section()`.
  private mutating func dump(_ what: StaticString, _ start: UInt, _ count: UInt) {
    var offset: UInt = 0
    while offset < count {
      sink.write(what)
      sink.write(hexadecimal: UInt64(start &+ offset), digits: 2 * MemoryLayout<UInt>.size)
      sink.write(": ")
      for index in offset..<min(offset + 16, count) {
        sink.write(hexadecimal: UInt64(WatchedBytes.byte(start &+ index)), digits: 2)
        sink.pad(1, with: UInt8(ascii: " "))
      }
      endLine()
      offset += 16
    }
  }

  private mutating func write(_ range: ClosedRange<UInt>) {
    sink.write("0x")
    sink.write(hexadecimal: UInt64(range.lowerBound))
    sink.write("-0x")
    sink.write(hexadecimal: UInt64(range.upperBound))
  }

  private func offset(of address: UInt) -> UInt {
    slab.map { address &- core.pointee.window.address(of: $0) } ?? 0
  }

  private mutating func endLine() { sink.write(UInt8(ascii: "\n")) }
}

extension Ref where Object == SlabCore {
  func countFinding() { pointee.findings.wrappingAdd(1, ordering: .relaxed) }

  /// Says which objects live, if anybody listens. Linux: `__slab_err()` of `kmem_cache_destroy()`.
  func reportRemainingObjects(_ count: UInt) {
    guard let reports = HeapRoot.existing(pointee.pages)?.pointee.options.reports else { return }
    var report = SlabReport(self, nil, reports)
    report.beginRemaining(count)
    forEachObject { report.remaining($0) }
  }
}
