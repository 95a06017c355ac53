import Machine
import MemoryTypes
import PhysicalMemory
import TestSupport

/// A machine of two nodes and four zones on each, and the random requests of its four processors.
@safe
final class FrameHistory {
  let machine: Laboratory
  private let model: FrameModel
  private let choice = ProcessorChoice()
  private var random: SeededGenerator
  private var isolated: [FrameRange] = []
  private let atBoot: [Int]
  /// How many requests were served, and how many were not.
  private(set) var served = 0
  private(set) var refused = 0
  private(set) var step = 0
  /// Every which step all invariants are checked.
  private let interval: Int

  init(_ random: SeededGenerator, interval: Int) throws {
    self.random = random
    self.interval = interval
    let hasLists = self.random.next(in: 0..<4) > 0
    let hasReserves = self.random.next(in: 0..<2) == 0
    machine = try Laboratory(
      small: 1536,
      configure: { options in
        options.layout = ZoneLayout(
          pageSize: .size4K, kinds: [.dma, .dma32], dmaEnd: PhysicalAddress(0x4_0080 * 4096),
          dma32End: PhysicalAddress(0x4_0288 * 4096))
        options.movable = .pages(kernel: PageCount(1100), movable: .zero)
        options.processors = 4
        options.hasPerCPULists = hasLists
        options.hasExactCounts = !hasReserves
        if hasReserves {
          options.minimumFreeKibibytes = 256
          options.watermarkScaleFactor = 10
        }
      },
      prepare: { memblock throws(AllocationError) in
        let far = FrameRange(PageFrameNumber(0x4_0300), PageFrameNumber(0x4_0600))
        try memblock.setNode(PhysicalRange(far), 1)
        let hole = FrameRange(PageFrameNumber(0x4_0143), PageFrameNumber(0x4_0151))
        try memblock.remove(PhysicalRange(hole))
      })
    machine.pages.pointee.processors = choice.source
    machine.pages.pointee.place(processor: 1, near: 0)
    machine.pages.pointee.place(processor: 2, near: 1)
    machine.pages.pointee.place(processor: 3, near: 1)
    model = FrameModel(machine)
    atBoot = machine.freeBlocks
  }

  /// One random call.
  func run() throws {
    step += 1
    choice.current = random.next(in: 0..<4)
    // Memory fills and empties in long waves.
    let fills = step / 4096 % 2 == 0
    switch random.next(in: 0..<1000) {
    case 0..<(fills ? 560 : 400): try allocate()
    case 560..<960, 400..<560: try free()
    case 960..<970: try bulk()
    case 970..<980: try exact()
    case 980..<985: machine.pages.pointee.drainPerCPULists(of: random.next(in: 0..<4))
    case 985..<990: machine.pages.pointee.decayPerCPULists(of: choice.current)
    case 990..<993: plan()
    default: isolate()
    }
    if step % 64 == 0 { try checkCounts() }
    if step % interval == 0 { machine.pages.pointee.checkInvariants() }
  }

  /// Frees everything and compares with the machine at boot.
  func end() throws {
    machine.pages.pointee.faultPlan = .none
    while !model.living.isEmpty { try free() }
    for range in isolated { machine.pages.pointee.undoIsolation(range, to: .movable) }
    isolated = []
    machine.pages.pointee.drainPerCPULists()
    machine.pages.pointee.checkInvariants()
    try checkCounts()
    try requireEqual(machine.freeBlocks, atBoot, "blocks after everything was freed")
  }

  private func allocate() throws {
    let order = UInt8(min(random.next(in: 0..<6), random.next(in: 0..<7), random.next(in: 0..<7)))
    let flags = randomFlags()
    let (policy, nodes) = randomPolicy()
    let page = try? machine.pages.pointee.allocatePages(
      order: Order(order), flags: flags, on: policy)
    guard let page else {
      refused += 1
      return
    }
    served += 1
    if random.chance(oneIn: 3) { page.pointee.isOnLRU = flags.contains(.movable) }
    let home = flags.contains(.thisNode) ? thisNode(policy) : .max
    try model.took(page, order, flags, nodes: nodes & home)
  }

  private func thisNode(_ policy: NodePolicy) -> UInt64 {
    1 << UInt64(policy.preferred.map(Int.init) ?? choice.current / 2)
  }

  private func free() throws {
    guard !model.living.isEmpty else { return }
    let block = try model.removeBlock(at: random.next(in: 0..<model.living.count))
    block.page.pointee.isOnLRU = false
    if random.chance(oneIn: 8) {
      machine.pages.pointee.freePagesToZone(block.page, order: Order(block.order))
    } else {
      machine.free(block.page, block.order)
    }
  }

  private func bulk() throws {
    var list = PageList()
    let flags = randomFlags().subtracting(.compound)
    let count = machine.pages.pointee.allocateBulk(
      random.next(in: 0..<20), flags: flags, to: &list)
    try requireEqual(list.count, count, "the pages of a bulk")
    while let page = list.popFront() { try model.took(page, 0, flags) }
  }

  private func exact() throws {
    let count = UInt(random.next(in: 1..<33))
    let bytes = ByteCount(count * 4096)
    guard let page = try? machine.pages.pointee.allocateExact(bytes, flags: .userMovable) else {
      return
    }
    let first = machine.frame(page)
    for frame in first..<first + count { try model.took(machine.page(frame), 0, .userMovable) }
  }

  private func plan() {
    let plans: [FaultPlan] = [
      .none, .none, .failing(nth: 5), .failing(everyNth: 7),
      .failing(perMillion: 100_000, seed: UInt64(step)),
    ]
    machine.pages.pointee.faultPlan = random.element(of: plans)
  }

  private func isolate() {
    if isolated.count > 4 || (!isolated.isEmpty && random.chance(oneIn: 2)) {
      let range = isolated.remove(at: random.next(in: 0..<isolated.count))
      let types: [MigrateType] = [.movable, .unmovable, .reclaimable]
      return machine.pages.pointee.undoIsolation(range, to: random.element(of: types))
    }
    let start = PageFrameNumber(0x4_0000 + 16 * UInt(random.next(in: 0..<96)))
    let range = FrameRange(start, start + PageCount(16 * UInt(random.next(in: 1..<4))))
    guard machine.pages.pointee.pages.contains(range.end) else { return }
    if (try? machine.pages.pointee.isolate(range, from: .movable)) != nil { isolated.append(range) }
  }

  private func checkCounts() throws(Difference) {
    let pages = machine.pages
    let managed = pages.pointee.managedPageCount.rawValue
    let rest = managed - model.owned - pages.pointee.freePageCount.rawValue
    guard isolated.isEmpty else { return }
    try requireEqual(rest, 0, "frames that are neither free nor owned at step \(step)")
  }

  private func randomFlags() -> AllocationFlags {
    let kinds: [AllocationFlags] = [
      .kernel, .atomic, .noWait, .userMovable, .userMovable, [.kernel, .movable],
      [.kernel, .reclaimable], [.kernel, .dma], [.kernel, .dma32], [.kernel, .useReserves],
    ]
    var flags = random.element(of: kinds)
    if random.chance(oneIn: 5) { flags.insert(.compound) }
    if random.chance(oneIn: 9) { flags.insert(.zeroed) }
    if random.chance(oneIn: 9) { flags.insert(.thisNode) }
    return flags
  }

  private func randomPolicy() -> (NodePolicy, UInt64) {
    switch random.next(in: 0..<8) {
    case 0: (.preferring(UInt8(random.next(in: 0..<2))), .max)
    case 1: (.bound(to: 0b10), 0b10)
    case 2: (.bound(to: 0b01), 0b01)
    default: (.local, .max)
    }
  }
}
