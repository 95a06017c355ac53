import AddressSpaces
import KernelCore
import MemoryTypes
import TestSupport
import Testing

/// The process table: numbers, turns, vfork, and how long address spaces live.
struct TaskTests {
  @Test("tasks are found by their number until they end")
  func numbers() throws {
    let laboratory = try Laboratory()
    let first = try laboratory.kernel.spawn(id: 7)
    let second = try laboratory.kernel.fork(first, id: 70_000, sharesMemory: true)
    #expect(laboratory.kernel.task(7) == first)
    #expect(laboratory.kernel.task(70_000) == second)
    #expect(second.pointee.process == 7)
    #expect(laboratory.kernel.unusedTaskID() == 70_001)
    laboratory.kernel.exit(first)
    #expect(laboratory.kernel.task(7) == nil)
    laboratory.kernel.exit(second)
    laboratory.expectAsAtBoot()
  }

  @Test("each task has the processor once before one has it again")
  func turns() throws {
    let laboratory = try Laboratory()
    let tasks = try (1...3).map { try laboratory.kernel.spawn(id: $0) }
    let order = (0..<7).map { _ in laboratory.kernel.schedule()?.pointee.id }
    #expect(order == [1, 2, 3, 1, 2, 3, 1])
    laboratory.kernel.exit(tasks[0])
    laboratory.kernel.exit(tasks[2])
    #expect((0..<2).map { _ in laboratory.kernel.schedule()?.pointee.id } == [2, 2])
    laboratory.kernel.exit(tasks[1])
    #expect(laboratory.kernel.schedule() == nil)
    laboratory.expectAsAtBoot()
  }

  @Test("a vfork child runs in its parent's memory while the parent waits, until exec or exit")
  func vfork() throws {
    for execs in [true, false] {
      let laboratory = try Laboratory()
      let parent = try laboratory.kernel.spawn(id: 1)
      try laboratory.map(parent, 0..<1)
      let child = try laboratory.kernel.vfork(parent, id: 2)
      #expect(parent.pointee.space.pointee.users == 2)
      #expect(child.pointee.process == 2)
      #expect((0..<2).map { _ in laboratory.kernel.schedule()?.pointee.id } == [2, 2])
      try laboratory.write(child, 9, 0)
      if execs { try laboratory.kernel.exec(child) } else { laboratory.kernel.exit(child) }
      #expect(parent.pointee.state == .runnable)
      #expect(parent.pointee.space.pointee.users == 1)
      #expect(try laboratory.read(parent, 0) == 9)
      #expect(parent.pointee.space.pointee.faults.minor == 1)
      if execs { laboratory.kernel.exit(child) }
      laboratory.kernel.exit(parent)
      laboratory.expectAsAtBoot()
    }
  }

  @Test("who keeps an address space has the object, not the memory, when its tasks are gone")
  func references() throws {
    let laboratory = try Laboratory()
    let task = try laboratory.kernel.spawn(id: 1)
    try laboratory.map(task, 0..<4)
    let space = task.pointee.space
    laboratory.kernel.keep(space)
    #expect(space.pointee.references == 2)
    laboratory.kernel.exit(task)
    #expect(space.pointee.users == 0)
    #expect(space.pointee.vmas.count == 0)
    var count = 0
    laboratory.kernel.forEachSpace { _ in count += 1 }
    #expect(count == 0)
    laboratory.kernel.drop(space)
    laboratory.expectAsAtBoot()
  }

  @Test("the list of address spaces has each once, however many tasks run in it")
  func spaces() throws {
    let laboratory = try Laboratory()
    let first = try laboratory.kernel.spawn(id: 1)
    _ = try laboratory.kernel.fork(first, id: 2, sharesMemory: true)
    let copy = try laboratory.kernel.fork(first, id: 3, sharesMemory: false)
    var seen: [Ref<AddressSpace>] = []
    laboratory.kernel.forEachSpace { seen.append($0) }
    #expect(seen == [first.pointee.space, copy.pointee.space])
  }
}
