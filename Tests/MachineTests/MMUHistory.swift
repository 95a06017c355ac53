import Machine
import MemoryTypes
import TestSupport
import Testing

/// Address spaces and processors led through a random history, each access compared with
/// `ManualWalk`. Whoever changes tables does the right invalidation, unless told to forget one.
final class MMUHistory {
  /// So many tables of leaves from a place on are near it.
  static let nearbyTables: UInt = 3

  let geometry: MMUGeometry
  var random: SeededGenerator
  /// One invalidation in so many is left out; 0 for none.
  let forgetsOneIn: UInt32
  private(set) var accesses = 0
  private(set) var forgotten = 0
  let format: TranslationFormat
  let memory: DirectMap
  private(set) var processors: [Ref<MMU>] = []
  private(set) var spaces: [PageFrameNumber] = []
  private let kernelRoot: PageFrameNumber
  private var current: [Int] = []
  private var free: [PageFrameNumber]
  private let arena = Arena()

  init(_ geometry: MMUGeometry, _ random: SeededGenerator, forgetsOneIn: UInt32 = 0) {
    self.geometry = geometry
    self.random = random
    self.forgetsOneIn = forgetsOneIn
    format = geometry.format
    let frames: UInt = 160
    let bytes = frames << UInt(format.pageSize.shift)
    let size = Int(bitPattern: format.pageSize.bytes.rawValue)
    memory = unsafe DirectMap(
      base: arena.memory(byteCount: Int(bytes), alignment: size),
      start: PhysicalAddress(0x4000_0000), count: ByteCount(bytes), pageSize: format.pageSize)
    let first = memory.frames.start
    kernelRoot = first
    free = (1..<frames).reversed().map { first + PageCount($0) }
    for _ in 0..<3 { spaces.append(takeTable()) }
    if !format.hasHighRoot { shareKernelTables() }
    for _ in 0..<2 { addProcessor() }
  }

  private func addProcessor() {
    let model = TLBModel.any(&random, for: format)
    let size = Int(bitPattern: TLBHierarchy.storageSize(for: model).rawValue)
    let tlb = unsafe TLBHierarchy(
      model, pageSize: format.pageSize, storage: arena.memory(byteCount: size, alignment: 16))
    let mmu = arena.make(MMU(format: format, memory: memory, root: spaces[0], tlb: tlb))
    mmu.pointee.highRoot = format.hasHighRoot ? kernelRoot : nil
    mmu.pointee.loadRoot(spaces[0], asid: asid(0))
    processors.append(mmu)
    current.append(0)
  }

  /// All roots lead to the same tables where the kernel's addresses are, as far as any is drawn:
  /// what is global for one space must be true in each.
  private func shareKernelTables() {
    for place in geometry.kernelPlaces {
      for table in 0..<Self.nearbyTables {
        shareKernelTable(VirtualAddress(place + table << format.shift(of: .pmd)))
      }
    }
  }

  private func shareKernelTable(_ address: VirtualAddress) {
    let entry = location(spaces[0], address, format.root)
    guard format.load(entry, in: memory) == 0 else { return }
    let table = format.tableDescriptor(takeTable(), for: address, at: format.root)
    for space in spaces {
      format.store(table, at: location(space, address, format.root), in: memory)
    }
  }

  private func asid(_ space: Int) -> ASID {
    ASID(format.architecture == .i386 ? 0 : UInt16(space + 1))
  }

  // MARK: steps

  /// One step: mostly accesses, in between changes.
  func step() throws(Difference) {
    switch random.next(below: 64) {
    case 0..<3: try changeLeaf()
    case 3: try changeTable()
    case 4: if random.chance(oneIn: 4) { try mapGroup() }
    case 5: switchSpace()
    case 6: if random.chance(oneIn: 16) { try checkStale() }
    case 7:
      if random.chance(oneIn: 32) {
        forEachProcessor { $0.pointee.tlb.invalidateAll() }
      }
    default: try access()
    }
  }

  private func access() throws(Difference) {
    let index = random.next(in: 0..<processors.count)
    let (place, _) = anyPlace()
    let address = VirtualAddress(anyAddress(near: place))
    let access: MemoryAccess = random.element(of: [.read, .read, .write, .execute])
    let privilege: Privilege = random.chance(oneIn: 3) ? .kernel : .user
    try check(access, of: address, privilege, on: index)
  }

  /// One access of a processor, answered as the manuals say.
  func check(
    _ access: MemoryAccess, of address: VirtualAddress, _ privilege: Privilege, on index: Int
  ) throws(Difference) {
    let manual = ManualWalk(
      memory: memory, geometry: geometry, root: physical(spaces[current[index]]),
      highRoot: physical(kernelRoot))
    let (expected, leaf) = manual.translate(UInt64(address.rawValue), access, privilege)
    var answer: ManualWalk.Answer
    do {
      let result = try processors[index].pointee.translate(address, access, privilege)
      answer = .address(result.rawValue)
    } catch {
      answer = .fault(error.kind, level: error.level.rawValue)
    }
    accesses += 1
    // The level of an address that is never translated means nothing on x86.
    if case .fault(.nonCanonical, _) = answer { answer = .fault(.nonCanonical, level: 3) }
    try requireEqual(
      answer, expected, "\(geometry.name): \(access) of \(address) by \(privilege)")
    if case .address = answer { try checkMarks(manual, leaf, access) }
  }

  /// Of a contiguous group any leaf may be the one that is marked.
  private func checkMarks(
    _ manual: ManualWalk, _ leaf: UInt64, _ access: MemoryAccess
  ) throws(Difference) {
    let count = groupSize(of: leaf)
    let bytes = UInt64(1) << UInt64(format.entryShift)
    let first = leaf & ~(UInt64(count) * bytes - 1)
    let marks = (0..<UInt64(count)).map {
      manual.marks(count == 1 ? leaf : first + $0 * bytes)
    }
    try requireEqual(marks.contains { $0.isUsed }, true, "\(geometry.name): accessed flag")
    if access == .write {
      try requireEqual(marks.contains { $0.isDirty }, true, "\(geometry.name): dirty state")
    }
  }

  private func groupSize(of leaf: UInt64) -> Int {
    guard format.hasHighRoot, raw(leaf) >> 52 & 1 != 0 else { return 1 }
    let isPage = raw(leaf) & 2 != 0
    return 1 << Int(format.contiguousShift(of: isPage ? .pte : .pmd))
  }

  func checkStale() throws(Difference) {
    for mmu in processors {
      try requireEqual(
        mmu.pointee.firstStaleTranslation(), nil, "\(geometry.name): stale translation")
    }
  }

  private func switchSpace() {
    let index = random.next(in: 0..<processors.count)
    switchSpace(of: index, to: random.next(in: 0..<spaces.count))
  }

  func switchSpace(of index: Int, to space: Int) {
    current[index] = space
    processors[index].pointee.loadRoot(spaces[space], asid: asid(space))
  }

  // MARK: changes

  private func changeLeaf() throws(Difference) {
    let (place, isKernel) = anyPlace()
    let level = TranslationLevel(
      random.chance(oneIn: 4) && format.mayHoldLeaf(.pud) && format.root > .pud
        ? 2 : random.chance(oneIn: 3) ? 1 : 0)
    guard level < format.root || format.architecture == .i386 && !isKernel && level <= format.root
    else { return }
    let address = VirtualAddress(anyAddress(near: place))
    let descriptor = random.chance(oneIn: 4) ? 0 : leaf(at: level, isKernel: isKernel)
    guard free.count > 8 else { return try removeSpaceTables() }
    set(address, level, descriptor, isKernel)
  }

  /// Takes a table away, or narrows what it allows.
  private func changeTable() throws(Difference) {
    let (place, isKernel) = anyPlace()
    guard format.root > .pmd else { return }
    let address = VirtualAddress(anyAddress(near: place))
    guard random.chance(oneIn: 2) else { return set(address, .pmd, 0, isKernel) }
    let space = anySpace()
    guard let entry = existingTable(space, address, .pmd, isKernel) else { return }
    let limits: [UInt64] =
      format.hasHighRoot ? [1 << 59, 1 << 60, 1 << 61, 1 << 62] : [1 << 1, 1 << 2]
    let changed = format.load(entry, in: memory) ^ random.element(of: limits)
    format.store(changed, at: entry, in: memory)
    invalidate(address, .pmd, space, isKernel, wasTable: true)
  }

  /// A whole contiguous group, on arm64.
  private func mapGroup() throws(Difference) {
    guard format.hasHighRoot, free.count > 8 else { return }
    let (place, isKernel) = anyPlace()
    let level: TranslationLevel = random.chance(oneIn: 3) && format.root > .pmd ? .pmd : .pte
    guard format.contiguousShift(of: level) > 0 else { return }
    let group = format.groupSpan(of: level).rawValue
    let start = anyAddress(near: place) & ~(group - 1)
    let span = format.span(of: level).rawValue
    let space = anySpace()
    for offset in stride(from: 0, to: group, by: Int(span)) {
      set(VirtualAddress(start + offset), level, 0, isKernel, in: space)
    }
    var attributes = anyAttributes(isKernel: isKernel)
    attributes.insert(.contiguous)
    let frame = UInt(random.next(below: 64)) * (group >> UInt(format.pageSize.shift))
    for offset in stride(from: 0, to: group, by: Int(span)) {
      let own = PageFrameNumber(frame + offset >> UInt(format.pageSize.shift))
      set(
        VirtualAddress(start + offset), level, format.leafDescriptor(own, attributes, at: level),
        isKernel, in: space)
    }
  }

  private func removeSpaceTables() throws(Difference) {
    for place in geometry.userPlaces + geometry.kernelPlaces {
      let isKernel = geometry.kernelPlaces.contains(place)
      let level = format.root > .pud ? TranslationLevel.pud : .pmd
      for space in 0..<(isKernel ? 1 : spaces.count) {
        guard level < format.root || !isKernel || format.hasHighRoot else {
          let below = level.below
          for index in 0..<4 as Range<UInt> {
            let address = VirtualAddress(place + index << format.shift(of: below))
            set(address, below, 0, isKernel, in: space)
          }
          continue
        }
        set(VirtualAddress(place), level, 0, isKernel, in: space)
      }
    }
  }

  /// Writes one descriptor into a space's tables, any space's without one, and invalidates.
  func set(
    _ address: VirtualAddress, _ level: TranslationLevel, _ descriptor: UInt64, _ isKernel: Bool,
    in space: Int? = nil
  ) {
    let space = space ?? anySpace()
    guard let entry = makeWay(space, address, level, isKernel, mayCreate: descriptor != 0) else {
      return
    }
    let old = format.load(entry, in: memory)
    if old & 1 != 0, groupSize(of: entry.rawValue) > 1 {
      return dissolveGroup(address, level, entry, space, isKernel)
    }
    format.store(descriptor, at: entry, in: memory)
    guard old & 1 != 0 else { return }
    let wasTable = format.kind(of: old, at: level) == .table
    invalidate(address, level, space, isKernel, wasTable: wasTable)
    if wasTable {
      release(format.frame(in: old, at: .pte), level.below)
    }
  }

  private func dissolveGroup(
    _ address: VirtualAddress, _ level: TranslationLevel, _ entry: PhysicalAddress, _ space: Int,
    _ isKernel: Bool
  ) {
    let count = groupSize(of: entry.rawValue)
    let bytes = count << Int(format.entryShift)
    let first = entry.rawValue & ~UInt64(bytes - 1)
    for index in 0..<count {
      format.store(
        0, at: PhysicalAddress(first + UInt64(index << Int(format.entryShift))), in: memory)
    }
    let start = address.rawValue & ~(format.groupSpan(of: level).rawValue - 1)
    invalidate(
      from: start, through: start + (format.groupSpan(of: level).rawValue - 1), space, isKernel)
  }

  /// The entry of `level` for `address`, with tables above it; leaves in the way are taken away.
  private func makeWay(
    _ space: Int, _ address: VirtualAddress, _ level: TranslationLevel, _ isKernel: Bool,
    mayCreate: Bool
  ) -> PhysicalAddress? {
    var table = isKernel && format.hasHighRoot ? kernelRoot : spaces[space]
    var place = format.root
    while place > level {
      let entry = location(table, address, place)
      var old = format.load(entry, in: memory)
      if old & 1 != 0, format.kind(of: old, at: place) != .table {
        set(address, place, 0, isKernel, in: space)
        old = format.load(entry, in: memory)
      }
      if old == 0 {
        guard mayCreate, !free.isEmpty else { return nil }
        old = format.tableDescriptor(takeTable(), for: address, at: place)
        format.store(old, at: entry, in: memory)
      }
      table = format.frame(in: old, at: .pte)
      place = place.below
    }
    return location(table, address, level)
  }

  private func existingTable(
    _ space: Int, _ address: VirtualAddress, _ level: TranslationLevel, _ isKernel: Bool
  ) -> PhysicalAddress? {
    var table = isKernel && format.hasHighRoot ? kernelRoot : spaces[space]
    var place = format.root
    while true {
      let entry = location(table, address, place)
      let old = format.load(entry, in: memory)
      guard format.kind(of: old, at: place) == .table else { return nil }
      if place == level { return entry }
      table = format.frame(in: old, at: .pte)
      place = place.below
    }
  }

  // MARK: invalidation

  private func invalidate(
    _ address: VirtualAddress, _ level: TranslationLevel, _ space: Int, _ isKernel: Bool,
    wasTable: Bool
  ) {
    let first = format.blockStart(address, at: level)
    let last = format.blockLast(address, at: level)
    guard !wasTable, !isKernel, random.chance(oneIn: 2) else {
      return invalidate(from: first.rawValue, through: last.rawValue, space, isKernel)
    }
    let own = asid(space)
    let isARM = format.hasHighRoot
    order(
      random.element(
        of: isARM
          ? [.vae1is(address, own), .vale1is(address, own), .vaae1is(address)]
          : [.invlpg(address, own), .invpcid(address, own)]))
  }

  private func invalidate(from first: UInt, through last: UInt, _ space: Int, _ isKernel: Bool) {
    let own = isKernel ? nil : asid(space)
    let range = TLBInvalidation(
      first: VirtualAddress(first), last: VirtualAddress(last), asid: own, sparesGlobal: false,
      walks: format.hasHighRoot ? .covering : .all)
    var choices = [range, .vmalle1is]
    if let own { choices += [.aside1is(own), .invpcidAllButGlobal] }
    order(random.element(of: choices))
  }

  private func order(_ invalidation: TLBInvalidation) {
    if forgetsOneIn > 0, random.chance(oneIn: forgetsOneIn) {
      forgotten += 1
      return
    }
    forEachProcessor { $0.pointee.tlb.forget(invalidation) }
  }

  private func forEachProcessor(_ body: (Ref<MMU>) -> Void) { processors.forEach(body) }

  // MARK: draws

  private func anySpace() -> Int { random.next(in: 0..<spaces.count) }

  private func anyPlace() -> (UInt, isKernel: Bool) {
    random.chance(oneIn: 3)
      ? (random.element(of: geometry.kernelPlaces), true)
      : (random.element(of: geometry.userPlaces), false)
  }

  /// Near enough to others that TLBs hit, and all sizes of leaves are met.
  private func anyAddress(near place: UInt) -> UInt {
    let level = TranslationLevel(random.chance(oneIn: 6) ? 1 : 0)
    let index = UInt(
      random.next(below: level == .pte ? 40 : UInt32(Self.nearbyTables)))
    let inside = UInt(random.next()) & (format.span(of: level).rawValue - 1)
    return place &+ index << format.shift(of: level) | inside
  }

  private func anyAttributes(isKernel: Bool) -> LeafAttributes {
    var attributes: LeafAttributes = .read
    let choices: [LeafAttributes] = [
      .write, .execute, .kernelExecute, .accessed, .dirty, isKernel ? .global : .user, .user,
    ]
    for choice in choices where random.chance(oneIn: 2) { attributes.insert(choice) }
    return attributes
  }

  private func leaf(at level: TranslationLevel, isKernel: Bool) -> UInt64 {
    let size = format.shift(of: level) - UInt(format.pageSize.shift)
    let limit: UInt32 = format.architecture == .i386 ? 255 : 4096
    let number = UInt(random.next(below: level == .pte ? limit * 4 : limit))
    let frame = PageFrameNumber(number << size)
    return format.leafDescriptor(frame, anyAttributes(isKernel: isKernel), at: level)
  }

  // MARK: memory

  private func takeTable() -> PageFrameNumber {
    let frame = free.removeLast()
    let size = Int(bitPattern: format.pageSize.bytes.rawValue)
    unsafe memory.pointer(to: frame).initializeMemory(
      as: UInt64.self, repeating: 0, count: size / 8)
    return frame
  }

  /// Gives a table back, and those below it.
  private func release(_ table: PageFrameNumber, _ level: TranslationLevel) {
    if level > .pte {
      for index in 0..<format.entryCount(of: level) {
        let entry = PhysicalAddress(physical(table) + UInt64(index << UInt(format.entryShift)))
        let descriptor = format.load(entry, in: memory)
        if format.kind(of: descriptor, at: level) == .table {
          release(format.frame(in: descriptor, at: .pte), level.below)
        }
      }
    }
    free.append(table)
  }

  private func raw(_ entry: UInt64) -> UInt64 {
    format.load(PhysicalAddress(entry), in: memory)
  }

  private func physical(_ frame: PageFrameNumber) -> UInt64 {
    format.pageSize.address(of: frame).rawValue
  }

  private func location(
    _ table: PageFrameNumber, _ address: VirtualAddress, _ level: TranslationLevel
  ) -> PhysicalAddress {
    let index = UInt64(format.index(of: address, at: level))
    return PhysicalAddress(physical(table) + index << UInt64(format.entryShift))
  }
}

extension TLBModel {
  /// A small processor of any kind: what a level lacks, how it replaces, what it joins.
  static func any(_ random: inout SeededGenerator, for format: TranslationFormat) -> TLBModel {
    let all: EntrySizes = [
      .size4K, .size16K, .size64K, .size2M, .size4M, .size32M, .size512M, .size1G,
    ]
    let base = EntrySizes(shift: format.pageSize.shift)
    func tlb(_ sizes: EntrySizes) -> TLBGeometry {
      let policies: [Replacement] = [
        .leastRecentlyUsed, .treePseudoLRU, .random(seed: random.next()),
      ]
      return TLBGeometry(
        sets: 1 << random.next(in: 0..<3), ways: random.next(in: 1..<7), sizes: sizes,
        replacement: random.element(of: policies))
    }
    func level() -> TLBLevelGeometry {
      switch random.next(below: 3) {
      case 0: TLBLevelGeometry(tlb(base))
      case 1: TLBLevelGeometry(tlb(all))
      default: TLBLevelGeometry(tlb(base), large: tlb([.size2M, .size32M]), huge: tlb(.size1G))
      }
    }
    return TLBModel(
      instruction: level(), data: level(), second: random.chance(oneIn: 4) ? .absent : level(),
      secondInstruction: random.chance(oneIn: 3) ? level() : .absent,
      walkCaches: random.chance(oneIn: 4)
        ? .absent : WalkCacheGeometry(pmd: tlb(base), pud: tlb(base), p4d: tlb(base)),
      coalescedShift: format.hasHighRoot ? 0 : UInt8(random.next(below: 4)))
  }
}
