import Machine
import MemoryTypes
import TestSupport

/// RAM with hand-made tables, and an MMU over it: page tables without the module that edits them.
final class TestMachine {
  let format: TranslationFormat
  let memory: DirectMap
  let root: PageFrameNumber
  private let arena = Arena()
  private let machine: Ref<MMU>
  private var nextFrame: PageFrameNumber

  /// Every geometry.
  static var formats: [TranslationFormat] {
    let arm64: [(PageSize, UInt8, UInt8)] = [
      (.size4K, 39, 48), (.size4K, 48, 48), (.size16K, 36, 48), (.size16K, 47, 48),
      (.size16K, 48, 48), (.size64K, 42, 48), (.size64K, 48, 48), (.size64K, 52, 52),
    ]
    return [.x86_64(), .x86_64(virtualAddressBits: 57), .i386, .i386PAE()]
      + arm64.map {
        .arm64(pageSize: $0.0, virtualAddressBits: $0.1, physicalAddressBits: $0.2)
      }
  }

  init(
    _ format: TranslationFormat, frames: UInt = 16, start: UInt64 = 0,
    tlb model: TLBModel = .simple(sets: 4, ways: 2)
  ) {
    self.format = format
    let bytes = frames << UInt(format.pageSize.shift)
    let alignment = Int(bitPattern: format.pageSize.bytes.rawValue)
    memory = unsafe DirectMap(
      base: arena.memory(byteCount: Int(bytes), alignment: alignment),
      start: PhysicalAddress(start), count: ByteCount(bytes), pageSize: format.pageSize)
    root = memory.frames.start
    nextFrame = root + PageCount(1)
    let size = Int(bitPattern: TLBHierarchy.storageSize(for: model).rawValue)
    let tlb = unsafe TLBHierarchy(
      model, pageSize: format.pageSize, storage: arena.memory(byteCount: size, alignment: 16))
    machine = arena.make(MMU(format: format, memory: memory, root: root, tlb: tlb))
  }

  var mmu: Ref<MMU> { machine }

  /// A frame of RAM nobody uses yet, filled with 0.
  func takeFrame() -> PageFrameNumber {
    defer { nextFrame = nextFrame + PageCount(1) }
    return nextFrame
  }

  /// Writes the leaf for `address` at `level`, with the tables above it.
  func map(
    _ address: VirtualAddress, to frame: PageFrameNumber, _ attributes: LeafAttributes,
    at level: TranslationLevel = .pte
  ) {
    setEntry(for: address, at: level, to: format.leafDescriptor(frame, attributes, at: level))
  }

  /// Writes any descriptor into the entry of `level` that `address` leads to.
  func setEntry(
    for address: VirtualAddress, at level: TranslationLevel, to descriptor: UInt64
  ) {
    var table = root
    var current = format.root
    while current > level {
      let entry = location(table, address, current)
      if format.load(entry, in: memory) == 0 {
        let table = format.tableDescriptor(takeFrame(), for: address, at: current)
        format.store(table, at: entry, in: memory)
      }
      table = format.frame(in: format.load(entry, in: memory), at: .pte)
      current = current.below
    }
    format.store(descriptor, at: location(table, address, level), in: memory)
  }

  func descriptor(of address: VirtualAddress) -> UInt64 {
    mmu.pointee.walkTables(address).descriptor
  }

  private func location(
    _ table: PageFrameNumber, _ address: VirtualAddress, _ level: TranslationLevel
  ) -> PhysicalAddress {
    let base = format.pageSize.address(of: table).rawValue
    let index = UInt64(format.index(of: address, at: level))
    return PhysicalAddress(base + index << UInt64(format.entryShift))
  }

  /// The fault that an access meets, or nil.
  func fault(
    _ address: VirtualAddress, _ access: MemoryAccess = .read, _ privilege: Privilege = .user
  ) -> MMUFault? {
    do {
      _ = try mmu.pointee.translate(address, access, privilege)
      return nil
    } catch {
      return error
    }
  }
}

/// All sets of the attributes that hardware acts on, each with each memory type.
var allAttributes: [LeafAttributes] {
  (0..<256).flatMap { flags in
    MemoryType.allCases.map { LeafAttributes(rawValue: UInt32(flags)).with($0) }
  }
}

extension TranslationFormat {
  /// From the last to the root.
  var levels: [TranslationLevel] { (0..<UInt8(levelCount)).map { TranslationLevel($0) } }
}
