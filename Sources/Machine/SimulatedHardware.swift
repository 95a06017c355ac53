public import MemoryTypes

/// A machine made of host memory: RAM, and per processor an MMU with its TLBs.
///
/// A copyable handle that speaks for one processor; the state stands in memory it is given, and
/// RAM is given too, so nothing here asks the host for anything. Processors take turns in one
/// thread, by design: an invalidation reaches all of them at once, the same calls always give the
/// same state, and a replay is repeatable bit for bit. Two threads must not use one machine at a
/// time, not even by different handles.
@safe
public struct SimulatedHardware: Hardware, Sendable {
  let state: Ref<SimulatedMachine>
  public let processorIndex: Int

  /// The bytes of storage that `init` needs for a machine, aligned to 16.
  public static func storageSize(for description: MachineDescription) -> ByteCount {
    ByteCount(UInt(StorageLayout(description).end))
  }

  /// Builds the machine that `description` asks for.
  ///
  /// - Parameters:
  ///   - ram: `description.ramSize` bytes, aligned to a page, all 0.
  ///   - storage: `storageSize(for:)` bytes, aligned to 16. Both outlive every copy of the handle.
  @unsafe
  public init(
    _ description: MachineDescription, ram: UnsafeMutableRawPointer,
    storage: UnsafeMutableRawPointer
  ) {
    precondition(description.processors > 0, "a machine has a processor")
    let layout = StorageLayout(description)
    let memory = unsafe DirectMap(
      base: ram, start: description.ramStart, count: description.ramSize,
      pageSize: description.pageSize)
    // SAFETY: `StorageLayout` keeps the runs apart and aligned.
    let machine = unsafe storage.assumingMemoryBound(to: SimulatedMachine.self)
    let mmus = unsafe (storage + layout.mmus).assumingMemoryBound(to: MMU.self)
    for index in 0..<description.processors {
      let caches = unsafe storage + layout.caches + index * layout.cachesPerProcessor
      let tlb = unsafe TLBHierarchy(
        description.tlb, pageSize: description.pageSize, storage: caches)
      unsafe (mmus + index).initialize(
        to: MMU(
          format: description.translationFormat, memory: memory,
          root: memory.frames.end, tlb: tlb))
    }
    unsafe machine.initialize(
      to: SimulatedMachine(description: description, memory: memory, mmus: mmus))
    state = unsafe Ref(machine)
    processorIndex = 0
  }

  private init(state: Ref<SimulatedMachine>, processorIndex: Int) {
    self.state = state
    self.processorIndex = processorIndex
  }

  public var description: MachineDescription { state.pointee.description }

  /// A handle that speaks for another processor of the same machine.
  public func processor(_ index: Int) -> SimulatedHardware {
    precondition(index >= 0 && index < description.processors, "no such processor")
    return SimulatedHardware(state: state, processorIndex: index)
  }

  /// The MMU of this handle's processor.
  public var mmu: Ref<MMU> { state.pointee.mmu(processorIndex) }

  /// What was asked of the TLBs of all processors since the machine was built.
  public var invalidations: InvalidationCounts { state.pointee.invalidations }

  public var directMap: DirectMap { state.pointee.memory }

  public func loadRoot(_ root: PageFrameNumber, asid: ASID) {
    mmu.pointee.loadRoot(root, asid: asid)
  }

  /// Uses `root` for the high half on all processors, where the architecture has one (TTBR1).
  public func loadHighRoot(_ root: PageFrameNumber) {
    for index in 0..<state.pointee.processors {
      state.pointee.mmu(index).pointee.highRoot = root
    }
  }

  public func publishTables() {}
  public func pause() {}
}

/// What the handles of one machine share.
@safe
struct SimulatedMachine: ~Copyable {
  let description: MachineDescription
  let memory: DirectMap
  let mmus: UnsafeMutablePointer<MMU>
  let processors: Int
  var invalidations = InvalidationCounts()

  init(
    description: MachineDescription, memory: DirectMap, mmus: UnsafeMutablePointer<MMU>
  ) {
    self.description = description
    self.memory = memory
    unsafe self.mmus = mmus
    processors = description.processors
  }

  func mmu(_ index: Int) -> Ref<MMU> { unsafe Ref(mmus + index) }
}

/// Where the parts of a machine stand in its storage.
private struct StorageLayout {
  let mmus: Int
  let caches: Int
  let cachesPerProcessor: Int
  let end: Int

  init(_ description: MachineDescription) {
    mmus = Self.aligned(MemoryLayout<SimulatedMachine>.stride)
    caches = Self.aligned(mmus + MemoryLayout<MMU>.stride * description.processors)
    cachesPerProcessor = Int(bitPattern: TLBHierarchy.storageSize(for: description.tlb).rawValue)
    end = caches + cachesPerProcessor * description.processors
  }

  private static func aligned(_ count: Int) -> Int { (count + 15) & ~15 }
}
