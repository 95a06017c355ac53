import Machine
import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

/// Exhaustion, relief, fault plans, and the mistakes that trap.
struct FailureTests {
  @Test("a fault plan fails the call it names and leaks nothing")
  func faultPlan() throws {
    let machine = try Laboratory()
    let before = machine.freeBlocks
    machine.pages.pointee.faultPlan = .failing(nth: 3)
    var taken: [Ref<Page>] = []
    var failed: [Int] = []
    for call in 1...6 {
      do {
        taken.append(try machine.pages.pointee.allocatePage(flags: .kernel))
      } catch {
        failed.append(call)
      }
    }
    #expect(failed == [3])
    for page in taken { machine.free(page, 0) }
    #expect(machine.freeBlocks == before)
    machine.pages.pointee.checkInvariants()
  }

  @Test("an allocation that must not fail is spared by the fault plan")
  func noFail() throws {
    let machine = try Laboratory()
    machine.pages.pointee.faultPlan = .failing(everyNth: 1)
    #expect(throws: AllocationError.outOfMemory) { _ = try machine.take(0) }
    machine.free(try machine.take(0, [.kernel, .noFail]), 0)
  }

  /// What the relief function of a test gives back when it is asked.
  private struct Hoard {
    var pages: Ref<PageAllocator>
    var kept: Ref<Page>?
    var calls = 0
  }

  private func withHoard(_ body: (Laboratory, UnsafeMutablePointer<Hoard>) throws -> Void) throws {
    let machine = try Laboratory(frames: 1024)
    let hoard = UnsafeMutablePointer<Hoard>.allocate(capacity: 1)
    defer { unsafe hoard.deallocate() }
    unsafe hoard.initialize(to: Hoard(pages: machine.pages, kept: try machine.take(0)))
    while (try? machine.take(0, .noWait)) != nil {}
    machine.pages.pointee.relief = unsafe Relief(context: hoard) { context, need, _, _ in
      guard need == Relief.Need.reclaim.rawValue else { return false }
      guard let hoard = unsafe context?.assumingMemoryBound(to: Hoard.self) else { return false }
      unsafe hoard.pointee.calls += 1
      guard let page = unsafe hoard.pointee.kept else { return false }
      unsafe hoard.pointee.kept = nil
      unsafe hoard.pointee.pages.pointee.freePage(page)
      return true
    }
    try unsafe body(machine, hoard)
  }

  @Test("an allocation that may wait is served with what relief frees")
  func relief() throws {
    try unsafe withHoard { machine, hoard in
      _ = try machine.take(0, .kernel)
      #expect(unsafe hoard.pointee.calls == 1)
      #expect(throws: AllocationError.outOfMemory) { _ = try machine.take(0, .kernel) }
      #expect(unsafe hoard.pointee.calls == 2)
      machine.pages.pointee.checkInvariants()
    }
  }

  @Test("an atomic allocation fails without asking for relief")
  func atomic() throws {
    try unsafe withHoard { machine, hoard in
      #expect(throws: AllocationError.outOfMemory) { _ = try machine.take(0, .atomic) }
      #expect(unsafe hoard.pointee.calls == 0)
    }
  }

  @Test("relief that makes progress in vain is asked again until it makes none")
  func retries() throws {
    try unsafe withHoard { machine, hoard in
      #expect(throws: AllocationError.outOfMemory) { _ = try machine.take(2, .kernel) }
      #expect(unsafe hoard.pointee.calls == 2)
    }
  }

  @Test("freeing a block twice traps")
  func doubleFree() async {
    await #expect(processExitsWith: .failure) {
      let machine = try Laboratory()
      let page = try machine.take(1)
      machine.free(page, 1)
      machine.free(page, 1)
    }
  }

  @Test("freeing with another order traps")
  func wrongOrder() async {
    await #expect(processExitsWith: .failure) {
      let machine = try Laboratory()
      machine.free(try machine.take(2), 1)
    }
  }

  @Test("freeing a frame from the middle of a block traps")
  func middle() async {
    await #expect(processExitsWith: .failure) {
      let machine = try Laboratory()
      let frame = machine.pages.pointee.frame(of: try machine.take(2))
      machine.free(machine.pages.pointee.page(of: frame + PageCount(1)), 0)
    }
  }

  @Test("freeing a page of another machine traps")
  func foreignFrame() async {
    await #expect(processExitsWith: .failure) {
      let machine = try Laboratory()
      let other = try Laboratory()
      machine.free(try other.take(0), 0)
    }
  }

  @Test("freeing a reserved frame traps")
  func reservedFrame() async {
    await #expect(processExitsWith: .failure) {
      let machine = try Laboratory()
      machine.free(machine.pages.pointee.page(of: PageFrameNumber(0x4_0FFF)), 0)
    }
  }

  @Test("freeing a page that is still mapped traps")
  func mappedFrame() async {
    await #expect(processExitsWith: .failure) {
      let machine = try Laboratory()
      let page = try machine.take(0)
      page.pointee.mapCount = 1
      machine.free(page, 0)
    }
  }

  @Test("invariants notice an allocated frame that is marked reserved")
  func lostFrame() async {
    await #expect(processExitsWith: .failure) {
      let machine = try Laboratory()
      try machine.take(0).pointee.flags = .reserved
      machine.pages.pointee.checkInvariants()
    }
  }
}
