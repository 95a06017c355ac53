import AddressSpaces
import KernelCore
import KernelHeap
import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

/// Each allocation of a frame, and of an object, fails once.
struct FailureTests {
  private func eachFailure(
    of call: (Laboratory, Ref<Task>) throws -> Void,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    for source in 0..<4 {
      try forEachFault(sourceLocation: sourceLocation) { plan in
        let laboratory = try Laboratory(frames: 1024)
        let parent = try laboratory.kernel.spawn(id: 1)
        try laboratory.map(parent, 0..<6)
        try laboratory.map(parent, 600..<603, [.read, .write], [.shared, .anonymous])
        for page in 0..<6 { try laboratory.write(parent, UInt8(page + 1), page) }
        laboratory.kernel.shrinkCaches()
        let (maps, free) = (laboratory.maps(parent), laboratory.pages.pointee.freePageCount)
        let committed = laboratory.kernel.services.pointee.commit.committed

        var hasFailed = false
        laboratory.set(plan, source)
        do { try call(laboratory, parent) } catch { hasFailed = true }
        let count = laboratory.plan(source).failureCount
        laboratory.set(.none, source)
        if hasFailed {
          laboratory.kernel.shrinkCaches()
          #expect(laboratory.maps(parent) == maps, sourceLocation: sourceLocation)
          #expect(laboratory.pages.pointee.freePageCount == free, sourceLocation: sourceLocation)
          #expect(
            laboratory.kernel.services.pointee.commit.committed == committed,
            sourceLocation: sourceLocation)
          #expect(try laboratory.read(parent, 5) == 6, sourceLocation: sourceLocation)
        }
        laboratory.exitAll()
        laboratory.expectAsAtBoot(sourceLocation: sourceLocation)
        return count
      }
    }
  }

  @Test("spawn")
  func spawn() throws {
    try eachFailure { laboratory, _ in _ = try laboratory.kernel.spawn(id: 2) }
  }

  @Test("fork")
  func fork() throws {
    try eachFailure { laboratory, parent in
      _ = try laboratory.kernel.fork(parent, id: 2, sharesMemory: false)
    }
    try eachFailure { laboratory, parent in
      _ = try laboratory.kernel.fork(parent, id: 2, sharesMemory: true)
    }
  }

  @Test("exec")
  func exec() throws {
    try eachFailure { laboratory, parent in
      let child = try laboratory.kernel.fork(parent, id: 2, sharesMemory: true)
      do { try laboratory.kernel.exec(child) } catch {
        laboratory.kernel.exit(child)
        throw error
      }
    }
  }

  @Test("without a plan, a machine that is full refuses fork and goes on")
  func exhaustion() throws {
    let laboratory = try Laboratory(frames: 600)
    let parent = try laboratory.kernel.spawn(id: 1)
    // Two requests, since one larger than memory would be refused.
    try laboratory.map(parent, 0..<400)
    try laboratory.map(parent, 400..<800)
    var page = 0
    #expect(throws: FaultError.outOfMemory) {
      while page < 800 {
        try laboratory.write(parent, 1, page)
        page += 1
      }
    }
    #expect(throws: Errno.ENOMEM) {
      try laboratory.kernel.fork(parent, id: 2, sharesMemory: false)
    }
    parent.pointee.space.pointee.checkInvariants()
    #expect(try laboratory.read(parent, 299) == 1)
    laboratory.kernel.exit(parent)
    laboratory.expectAsAtBoot()
  }

  @Test("a child that writes more than memory holds is refused the copy, and both go on")
  func exhaustedCopies() throws {
    let laboratory = try Laboratory(frames: 600)
    let parent = try laboratory.kernel.spawn(id: 1)
    try laboratory.map(parent, 0..<300)
    for page in 0..<300 { try laboratory.write(parent, 1, page) }
    let child = try laboratory.kernel.fork(parent, id: 2, sharesMemory: false)
    #expect(throws: FaultError.outOfMemory) {
      for page in 0..<300 { try laboratory.write(child, 2, page) }
    }
    for task in [parent, child] { task.pointee.space.pointee.checkInvariants() }
    #expect(try laboratory.read(child, 299) == 1)
    laboratory.kernel.exit(child)
    for page in 0..<300 { #expect(try laboratory.read(parent, page) == 1) }
    laboratory.kernel.exit(parent)
    laboratory.expectAsAtBoot()
  }
}

extension Laboratory {
  fileprivate func set(_ plan: FaultPlan, _ source: Int) {
    let services = kernel.services
    switch source {
    case 0: pages.pointee.faultPlan = plan
    case 1: services.pointee.vmas.slots.faultPlan = plan
    case 2: services.pointee.spaces.slots.faultPlan = plan
    default: services.pointee.anonVMAs.slots.faultPlan = plan
    }
  }

  fileprivate func plan(_ source: Int) -> FaultPlan {
    let services = kernel.services
    return switch source {
    case 0: pages.pointee.faultPlan
    case 1: services.pointee.vmas.slots.faultPlan
    case 2: services.pointee.spaces.slots.faultPlan
    default: services.pointee.anonVMAs.slots.faultPlan
    }
  }

  fileprivate func exitAll() {
    var tasks: [Ref<Task>] = []
    kernel.forEachTask { tasks.append($0) }
    for task in tasks { kernel.exit(task) }
  }
}
