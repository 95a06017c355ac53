import Machine
import MemoryTypes
import PhysicalMemory
import TestSupport

/// Small pageblocks, so that a small machine has many of them.
extension Laboratory {
  /// A machine whose pageblocks have 16 frames and whose largest blocks have 32.
  convenience init(
    small frames: UInt, configure: (inout PageAllocatorOptions) -> Void = { _ in },
    prepare: (inout Memblock) throws(AllocationError) -> Void = { _ throws(AllocationError) in }
  ) throws {
    try self.init(
      frames: frames, maximumOrder: Order(5), prepare: prepare,
      configure: { options in
        options.pageblockOrder = Order(4)
        configure(&options)
      })
  }

  /// The zone of a kind, which the machine has.
  func zone(_ kind: Zone.Kind = .normal, node: Int = 0) -> Ref<Zone> {
    guard let zone = pages.pointee.zones.zone(kind, node: node) else {
      fatalError("the machine has no such zone")
    }
    return zone
  }

  /// The zone that a page was taken from.
  func zone(of page: Ref<Page>) -> Ref<Zone> {
    pages.pointee.zones[Int(page.pointee.zone)]
  }

  func kind(of page: Ref<Page>) -> Zone.Kind { zone(of: page).pointee.kind }

  /// The type of the pageblock that a page is in.
  func type(of page: Ref<Page>) -> MigrateType {
    pages.pointee.pageblocks[pages.pointee.frame(of: page)]
  }

  func page(_ frame: UInt) -> Ref<Page> { pages.pointee.page(of: PageFrameNumber(frame)) }

  /// Takes single frames until there are no more.
  @discardableResult
  func exhaust(_ flags: AllocationFlags, from policy: NodePolicy = .local) -> [Ref<Page>] {
    var taken: [Ref<Page>] = []
    while let page = try? pages.pointee.allocatePages(order: .zero, flags: flags, on: policy) {
      taken.append(page)
    }
    return taken
  }

  /// Frees the block of each frame in `frames`, all of order 0, and no other.
  func free(_ frames: some Sequence<UInt>) {
    for frame in frames { free(page(frame), 0) }
  }

  /// The free blocks of an order and type, head first.
  func list(_ order: UInt8, _ type: MigrateType, in zone: Ref<Zone>? = nil) -> [UInt] {
    var frames: [UInt] = []
    (zone ?? self.zone()).pointee.forEachFree(of: Order(order), type) { frames.append($0.rawValue) }
    return frames
  }

  /// Gives a zone other marks; its per-CPU lists and what it keeps back stay as they are.
  func setMarks(
    min: UInt, low: UInt, high: UInt, boost: UInt = 0, of zone: Ref<Zone>? = nil
  ) {
    let zone = zone ?? self.zone()
    let perCPU = zone.pointee.perCPUMarks
    let reserve = zone.pointee.reserve
    pages.pointee.restoreMarks(
      of: zone,
      Watermarks(
        min: PageCount(min), low: PageCount(low), high: PageCount(high), promo: PageCount(high)),
      boost: PageCount(boost), reserve, perCPU)
  }

  /// Gives a zone's per-CPU lists other marks.
  func setBatch(_ batch: UInt, lowest: UInt, highest: UInt) {
    let zone = zone()
    pages.pointee.restoreMarks(
      of: zone, zone.pointee.watermarks, boost: .zero, zone.pointee.reserve,
      PerCPUMarks(
        batch: PageCount(batch), highMinimum: PageCount(lowest), highMaximum: PageCount(highest)))
  }

  /// Gives pageblocks another type, whoever owns their frames.
  func retype(_ frames: FrameRange, to type: MigrateType) throws {
    try pages.pointee.isolate(frames, from: .movable)
    pages.pointee.undoIsolation(frames, to: type)
  }

  /// Makes all pageblocks unmovable and all frames owned; the frames of the whole pageblocks, each
  /// of them a block of its own.
  func fillUnmovable() -> [FrameRange] {
    exhaust([.directReclaim])
    let map = pages.pointee.pageblocks
    var whole: [FrameRange] = []
    var frame = pages.pointee.pages.start
    while frame < pages.pointee.pages.end {
      let block = map.block(of: frame)
      if map[frame] == .unmovable, isOwned(block) { whole.append(block) }
      frame = block.end
    }
    return whole
  }

  private func isOwned(_ frames: FrameRange) -> Bool {
    let all = frames.start.rawValue..<frames.end.rawValue
    return all.allSatisfy { !page($0).pointee.flags.contains(.reserved) }
  }
}

/// A processor number that the test chooses.
@safe
final class ProcessorChoice {
  private let number: UnsafeMutablePointer<Int>

  init() {
    unsafe number = .allocate(capacity: 1)
    unsafe number.initialize(to: 0)
  }

  deinit { unsafe number.deallocate() }

  /// Which processor runs the test.
  var current: Int {
    get { unsafe number.pointee }
    set { unsafe number.pointee = newValue }
  }

  /// The allocator asks this for its processor; it must not outlive the allocator's use.
  var source: ProcessorSource {
    unsafe ProcessorSource(context: number) { context in
      unsafe context.unsafelyUnwrapped.load(as: Int.self)
    }
  }
}

/// A relief that keeps what it was asked for and answers as the test says.
@safe
final class ReliefScript {
  private(set) var asked: [Relief.Need] = []
  /// Says whether there was progress; may free pages.
  var answer: (Relief.Need) -> Bool = { _ in false }

  /// Puts the script in place; it must outlive the allocator's use.
  func serve(_ machine: Laboratory) {
    let context = unsafe Unmanaged.passUnretained(self).toOpaque()
    machine.pages.pointee.relief = unsafe Relief(context: context) { context, raw, _, _ in
      guard let context = unsafe context, let need = Relief.Need(rawValue: raw) else {
        return false
      }
      let script = unsafe Unmanaged<ReliefScript>.fromOpaque(context).takeUnretainedValue()
      script.asked.append(need)
      return script.answer(need)
    }
  }

  func forget() { asked = [] }
}
