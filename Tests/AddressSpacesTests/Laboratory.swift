import AddressSpaces
import KernelHeap
import Machine
import MemoryTypes
import PageTables
import PhysicalMemory
import TestSupport
import Testing

/// A machine with one address space on it, and no kernel above.
///
/// Pages of tests are counted from `base`, so that areas read as `0-3 rw`.
@safe
final class Laboratory {
  /// Above every limit, below where mappings are placed.
  static let base: UInt = 0x4000_0000
  static let pageBytes: UInt = 4096

  let arena = Arena()
  let hardware: SimulatedHardware
  let pages: Ref<PageAllocator>
  let services: Ref<MemoryServices>
  let space: Ref<AddressSpace>
  /// The free frames before the space was made: what must be free again in the end.
  private let freeAtBoot: PageCount

  init(
    frames: UInt = 4096, limits: ResourceLimits = ResourceLimits(),
    overcommit: CommitAccount.Policy = .heuristic, totalPages: UInt = 4096,
    version: LinuxVersion = .v6_18, layout: UserLayout? = nil
  ) throws {
    let description = MachineDescription.x86_64(ram: ByteCount(frames * Self.pageBytes))
    hardware = Self.build(description, in: arena)
    var memblock = try Memblock.describing(hardware.directMap)
    pages = try PageAllocator.boot(
      memblock: &memblock, directMap: hardware.directMap,
      options: .plain(pageSize: hardware.directMap.pageSize))
    services = arena.make(
      try MemoryServices(
        pages: pages, format: description.translationFormat, version: version,
        commit: CommitAccount(policy: overcommit, totalPages: PageCount(totalPages))))
    freeAtBoot = pages.pointee.freePageCount
    space = arena.make(
      try AddressSpace(
        services: services,
        layout: layout ?? .standard(.x86_64, pageSize: .size4K, virtualAddressBits: 48),
        limits: limits))
    hardware.loadRoot(space.pointee.tables.root, asid: space.pointee.asid)
  }

  private static func build(
    _ description: MachineDescription, in arena: Arena
  ) -> SimulatedHardware {
    let ram = unsafe arena.memory(byteCount: Int(description.ramSize.rawValue))
    let storage = unsafe arena.memory(
      byteCount: Int(SimulatedHardware.storageSize(for: description).rawValue), alignment: 16)
    // SAFETY: both are zeroed, large enough, and live as long as the arena.
    return unsafe SimulatedHardware(description, ram: ram, storage: storage)
  }

  /// Does what the kernel does after each call.
  func flush() {
    let pages = pages
    space.pointee.batch.flush(
      on: hardware, asid: space.pointee.asid, frames: AllocatorFrames(pages)
    ) { pages.pointee.freePage($0) }
  }

  /// Traps unless every structure is whole.
  func checkInvariants() {
    flush()
    space.pointee.checkInvariants()
    pages.pointee.checkInvariants()
  }

  /// Ends the space and records an issue for every frame and promise that is not back.
  func expectNothingLeft(sourceLocation: SourceLocation = #_sourceLocation) {
    space.pointee.destroy()
    flush()
    shrinkCaches()
    #expect(
      pages.pointee.freePageCount == freeAtBoot, "frames were lost", sourceLocation: sourceLocation)
    #expect(
      services.pointee.commit.committed == .zero, "promises were lost",
      sourceLocation: sourceLocation)
  }

  /// Gives back slabs without objects, so that free frames can be compared.
  func shrinkCaches() {
    services.pointee.vmas.slots.shrink()
    services.pointee.anonVMAs.slots.shrink()
    services.pointee.files.slots.shrink()
    services.pointee.nodes.slots.shrink()
    services.pointee.names.shrink()
    services.pointee.areaNames.slots.shrink()
  }

  /// Lets the `n`-th allocation of each source fail while `body` runs; says how many did.
  func failing(_ plan: FaultPlan, of source: Source, _ body: () -> Void) -> UInt {
    set(plan, source)
    body()
    let count = self.plan(source).failureCount
    set(.none, source)
    return count
  }

  /// Where memory of an address space comes from.
  enum Source: CaseIterable, Sendable {
    case frames, vmas, families, files, nodes
  }

  private func set(_ plan: FaultPlan, _ source: Source) {
    switch source {
    case .frames: pages.pointee.faultPlan = plan
    case .vmas: services.pointee.vmas.slots.faultPlan = plan
    case .families: services.pointee.anonVMAs.slots.faultPlan = plan
    case .files: services.pointee.files.slots.faultPlan = plan
    case .nodes: services.pointee.nodes.slots.faultPlan = plan
    }
  }

  private func plan(_ source: Source) -> FaultPlan {
    switch source {
    case .frames: pages.pointee.faultPlan
    case .vmas: services.pointee.vmas.slots.faultPlan
    case .families: services.pointee.anonVMAs.slots.faultPlan
    case .files: services.pointee.files.slots.faultPlan
    case .nodes: services.pointee.nodes.slots.faultPlan
    }
  }
}
