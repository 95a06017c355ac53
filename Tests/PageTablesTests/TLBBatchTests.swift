import Machine
import MemoryTypes
import PageTables
import PhysicalMemory
import TestSupport
import Testing

@Suite("TLB batches")
struct TLBBatchTests {
  /// A machine whose one address space has `pages` pages, all of them in the TLB or the tables.
  private struct Setting: ~Copyable {
    let arena = Arena()
    let frames: TestFrames
    var tables: PageTable<TestFramesHandle>
    let hardware: SimulatedHardware

    init(
      pages: UInt, _ machine: (ByteCount) -> MachineDescription = MachineDescription.x86_64,
      tlb: TLBModel? = nil
    ) throws {
      let frames = TestFrames(pageSize: .size4K)
      var machine = machine(frames.directMap.count)
      machine.tlb = tlb ?? machine.tlb
      machine.ramStart = frames.directMap.start
      let storage = Int(bitPattern: SimulatedHardware.storageSize(for: machine).rawValue)
      let hardware = unsafe SimulatedHardware(
        machine, ram: frames.directMap.pointer(to: frames.directMap.frames.start),
        storage: arena.memory(byteCount: storage, alignment: 16))
      var tables = try PageTable(
        format: machine.translationFormat, pages: TestFramesHandle(frames: frames))
      hardware.loadRoot(tables.root, asid: ASID(3))
      for page in 0..<pages {
        let address = VirtualAddress(page << 12)
        try tables.map(address, to: PageFrameNumber(page), [.read, .user, .accessed])
        _ = try hardware.mmu.pointee.translate(address, .read, .user)
      }
      self.frames = frames
      self.tables = tables
      self.hardware = hardware
    }

    /// Unmaps all; frees tables too if `withTables`. Returns when pages and tables were released.
    mutating func removeAll(pages: UInt, withTables: Bool) -> InvalidationCounts {
      var batch = TLBBatch()
      let range = VirtualRange(VirtualAddress(0), VirtualAddress(pages << 12))
      tables.unmap(range) { address, _ in batch.add(address) }
      if withTables {
        let live = frames.live.count
        tables.freeTables(
          range, floor: VirtualAddress(0), ceiling: VirtualAddress(0), into: &batch)
        #expect(frames.live.count == live, "tables wait for the flush")
      }
      batch.flush(on: hardware, asid: ASID(3), frames: TestFramesHandle(frames: frames)) { _ in }
      #expect(batch.isEmpty == true)
      #expect(hardware.mmu.pointee.firstStaleTranslation() == nil)
      return hardware.invalidations
    }
  }

  /// What removing so many pages in a row asks of a processor.
  private func counts(
    _ pages: UInt, _ machine: (ByteCount) -> MachineDescription, _ tlb: TLBModel
  ) throws -> InvalidationCounts {
    var setting = try Setting(pages: pages, machine, tlb: tlb)
    return setting.removeAll(pages: pages, withTables: false)
  }

  @Test("x86 forgets up to 33 pages one by one, more by their address space")
  func x86() throws {
    let few = try counts(33, MachineDescription.x86_64, .zen4)
    #expect(few.pages == 33)
    #expect(few.total == 33)
    let many = try counts(34, MachineDescription.x86_64, .zen4)
    #expect(many.spaces == 1)
    #expect(many.total == 1)
  }

  @Test("arm64 without ranges forgets up to 511 pages one by one, more by their address space")
  func withoutRanges() throws {
    let few = try counts(511, MachineDescription.arm64_4K, .neoverseN1)
    #expect(few.pages == 511)
    #expect(few.total == 511)
    let many = try counts(512, MachineDescription.arm64_4K, .neoverseN1)
    #expect(many.spaces == 1)
    #expect(many.total == 1)
  }

  @Test(
    "arm64 with ranges forgets pages by the digits of their number and one odd page",
    arguments: [1, 2, 3, 33, 64, 65, 511, 512, 1000])
  func withRanges(_ pages: UInt) throws {
    let counts = try counts(pages, MachineDescription.arm64_4K, .neoverseV2)
    let digits = [pages >> 1 & 31, pages >> 6 & 31].filter { $0 != 0 }
    #expect(counts.ranges == UInt64(digits.count))
    #expect(counts.pages == UInt64(pages & 1))
    #expect(counts.spaces + counts.all == 0)
  }

  @Test("freed tables go back after an invalidation of the whole address space")
  func tables() throws {
    var setting = try Setting(pages: 2)
    #expect(setting.removeAll(pages: 2, withTables: true).spaces == 1)
    #expect(setting.frames.live.count == 1)
  }

  @Test("a batch of nothing invalidates nothing")
  func empty() throws {
    var setting = try Setting(pages: 0)
    #expect(setting.removeAll(pages: 1, withTables: true) == InvalidationCounts())
  }

  @Test("pages are released in the order added, after the invalidation")
  func pages() throws {
    let setting = try Setting(pages: 1)
    let pages = (0..<5).map { _ in setting.arena.make(Page()) }
    var batch = TLBBatch()
    for page in pages { batch.add(page) }
    batch.add(VirtualAddress(0))
    var released: [Ref<Page>] = []
    let hardware = setting.hardware
    let handle = TestFramesHandle(frames: setting.frames)
    batch.flush(on: hardware, asid: ASID(3), frames: handle) { page in
      #expect(hardware.invalidations.pages == 1)
      released.append(page)
    }
    #expect(released == pages)
  }
}
