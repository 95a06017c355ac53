import AddressSpaces
import KernelCore
import Machine
import MemoryTypes
import PhysicalMemory
import Testing

/// What parent and child have in common after a fork, and for how long.
struct ForkTests {
  private func faults(_ task: Ref<Task>) -> UInt64 { task.pointee.space.pointee.faults.minor }

  private func area(_ task: Ref<Task>, _ laboratory: Laboratory, _ page: Int) throws -> Ref<VMA> {
    try #require(
      task.pointee.space.pointee.vmas.vma(at: VirtualAddress(laboratory.address(page))))
  }

  @Test("one frame serves both until a write; the last one writes in place")
  func sharing() throws {
    let laboratory = try Laboratory()
    let parent = try laboratory.kernel.spawn(id: 1)
    try laboratory.map(parent, 0..<256)
    for page in 0..<256 { try laboratory.write(parent, UInt8(page & 0xff), page) }
    let before = laboratory.pages.pointee.freePageCount
    let child = try laboratory.kernel.fork(parent, id: 2, sharesMemory: false)
    #expect(before - laboratory.pages.pointee.freePageCount < PageCount(20))
    #expect(child.pointee.space.pointee.resident.anonymous == PageCount(256))

    for page in 0..<128 { try laboratory.write(child, 0xEE, page) }
    #expect(faults(child) == 128)
    for page in 0..<256 {
      #expect(try laboratory.read(child, page) == (page < 128 ? 0xEE : UInt8(page & 0xff)))
    }
    #expect(faults(child) == 128)
    laboratory.kernel.exit(child)

    let free = laboratory.pages.pointee.freePageCount
    for page in 0..<256 {
      #expect(try laboratory.read(parent, page) == UInt8(page & 0xff))
      try laboratory.write(parent, 1, page)
    }
    #expect(faults(parent) == 512)
    #expect(laboratory.pages.pointee.freePageCount == free)
    parent.pointee.space.pointee.checkInvariants()
    laboratory.kernel.exit(parent)
    laboratory.expectAsAtBoot()
  }

  @Test("mprotect opens no page for writing that a child still shares")
  func protection() throws {
    let laboratory = try Laboratory()
    let parent = try laboratory.kernel.spawn(id: 1)
    try laboratory.map(parent, 0..<2)
    for page in 0..<2 { try laboratory.write(parent, 5, page) }
    let child = try laboratory.kernel.fork(parent, id: 2, sharesMemory: false)
    try laboratory.write(parent, 6, 0)
    let count = faults(parent)
    for protection: UInt in [1, 3] {
      try laboratory.kernel.mprotect(
        parent, address: laboratory.address(0), length: 8192, protection: protection)
    }
    try laboratory.write(parent, 7, 0)
    #expect(faults(parent) == count)
    try laboratory.write(parent, 8, 1)
    #expect(faults(parent) == count + 1)
    for page in 0..<2 { #expect(try laboratory.read(child, page) == 5) }
  }

  @Test(
    "a forbidden area is not in the child, a wiped one reads as zeros, a locked one is unlocked")
  func advice() throws {
    let laboratory = try Laboratory()
    let parent = try laboratory.kernel.spawn(id: 1)
    for start in [0, 4, 8] {
      try laboratory.map(parent, start..<start + 2)
      try laboratory.write(parent, 5, start)
    }
    try area(parent, laboratory, 0).pointee.flags.insert(.dontCopy)
    try area(parent, laboratory, 4).pointee.flags.insert(.wipeOnFork)
    let child = try laboratory.kernel.fork(parent, id: 2, sharesMemory: false)
    #expect(throws: FaultError.notMapped) { try laboratory.read(child, 0) }
    #expect(try laboratory.read(child, 4) == 0)
    #expect(try laboratory.read(child, 8) == 5)
    #expect(try laboratory.read(parent, 4) == 5)
    // Untouched by then, the wiped area is free to merge; but for its flag.
    #expect(try area(child, laboratory, 4).pointee.anonVMA == nil)
    #expect(child.pointee.space.pointee.accounts.locked == .zero)
  }

  @Test("pages of private file mappings that were written are shared; those that were not refault")
  func privateFiles() throws {
    let laboratory = try Laboratory()
    let file = try laboratory.makeFile(size: 65536, name: "/tmp/f")
    let parent = try laboratory.kernel.spawn(id: 1)
    let open = OpenFile.file(file, [.read, .write])
    try laboratory.map(parent, 0..<4, [.read, .write], .private, file: open)
    try laboratory.map(parent, 8..<12, [.read, .write], .private, file: open)
    try laboratory.write(parent, 1, 0)
    _ = try laboratory.read(parent, 1)
    _ = try laboratory.read(parent, 9)
    let child = try laboratory.kernel.fork(parent, id: 2, sharesMemory: false)
    #expect(child.pointee.space.pointee.resident.anonymous == PageCount(1))
    #expect(child.pointee.space.pointee.resident.file == PageCount(1))
    #expect(try laboratory.read(child, 0) == 1)
    _ = try laboratory.read(child, 9)
    #expect(faults(child) == 1)
    for task in [parent, child] { task.pointee.space.pointee.checkInvariants() }
    laboratory.end([parent, child], releasing: [file])
  }

  @Test("a grandchild joins the family of an ancestor that has gone and serves one line only")
  func families() throws {
    let laboratory = try Laboratory()
    var tasks = [try laboratory.kernel.spawn(id: 0)]
    try laboratory.map(tasks[0], 0..<1)
    try laboratory.write(tasks[0], 1, 0)
    for id in 1..<3 {
      tasks.append(
        try laboratory.kernel.fork(tasks[id - 1], id: Int32(id), sharesMemory: false))
    }
    let middle = try area(tasks[1], laboratory, 0).pointee.anonVMA
    laboratory.kernel.exit(tasks[1])
    let last = try laboratory.kernel.fork(tasks[2], id: 3, sharesMemory: false)
    #expect(try area(last, laboratory, 0).pointee.anonVMA == middle)
    #expect(try area(tasks[2], laboratory, 0).pointee.anonVMA != middle)
    #expect(try laboratory.read(last, 0) == 1)
    for task in [tasks[2], last, tasks[0]] { laboratory.kernel.exit(task) }
    laboratory.expectAsAtBoot()
  }

  @Test("a chain of forks whose parents end keeps no family but its own")
  func chain() throws {
    let laboratory = try Laboratory()
    var task = try laboratory.kernel.spawn(id: 0)
    try laboratory.map(task, 0..<1)
    try laboratory.write(task, 1, 0)
    for id in 1..<100 {
      let child = try laboratory.kernel.fork(task, id: Int32(id), sharesMemory: false)
      laboratory.kernel.exit(task)
      task = child
    }
    var depth = 0
    var family = try area(task, laboratory, 0).pointee.anonVMA
    while let current = family {
      depth += 1
      family = current.pointee.parent
    }
    #expect(depth <= 4)
    laboratory.kernel.exit(task)
    laboratory.expectAsAtBoot()
  }

  @Test("a file that shrinks is gone from parent and child alike")
  func truncation() throws {
    let laboratory = try Laboratory()
    let file = try laboratory.makeFile(size: 16384, name: "/tmp/f")
    let open = OpenFile.file(file, [.read, .write])
    let parent = try laboratory.kernel.spawn(id: 1)
    try laboratory.map(parent, 0..<4, [.read, .write], .private, file: open)
    for page in 0..<4 { try laboratory.write(parent, 1, page) }
    let child = try laboratory.kernel.fork(parent, id: 2, sharesMemory: false)
    try laboratory.kernel.ftruncate(open, length: 4096)
    for task in [parent, child] {
      #expect(try laboratory.read(task, 0) == 1)
      #expect(throws: FaultError.beyondFile) { try laboratory.read(task, 1) }
      laboratory.kernel.exit(task)
    }
    laboratory.kernel.services.release(file)
    laboratory.expectAsAtBoot()
  }
}
