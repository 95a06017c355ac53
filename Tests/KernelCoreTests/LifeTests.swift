import AddressSpaces
import Foundation
import KernelCore
import Machine
import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

/// fork, exec and exit.
struct LifeTests {
  @Test("parent and child see their own writes only, whoever writes first")
  func isolation() throws {
    let laboratory = try Laboratory()
    let parent = try laboratory.kernel.spawn(id: 1)
    try laboratory.map(parent, 0..<8)
    for page in 0..<4 { try laboratory.write(parent, UInt8(page + 1), page) }
    let child = try laboratory.kernel.fork(parent, id: 2, sharesMemory: false)
    try laboratory.write(child, 100, 0)
    try laboratory.write(parent, 200, 1)
    try laboratory.write(child, 101, 6)
    #expect(try laboratory.read(parent, 0) == 1)
    #expect(try laboratory.read(child, 1) == 2)
    #expect(try laboratory.read(child, 2) == 3)
    #expect(try laboratory.read(parent, 6) == 0)
    for task in [parent, child] { task.pointee.space.pointee.checkInvariants() }
    laboratory.kernel.exit(parent)
    #expect(try laboratory.read(child, 0) == 100)
    laboratory.kernel.exit(child)
    laboratory.expectAsAtBoot()
  }

  @Test("shared memory and files stay shared over a fork, private copies of files do not")
  func sharing() throws {
    let laboratory = try Laboratory()
    let file = try laboratory.makeFile(size: 16384, name: "/tmp/f")
    let parent = try laboratory.kernel.spawn(id: 1)
    try laboratory.map(parent, 0..<2, [.read, .write], [.shared, .anonymous])
    try laboratory.map(
      parent, 4..<6, [.read, .write], .shared, file: .file(file, [.read, .write]))
    try laboratory.map(
      parent, 8..<10, [.read, .write], .private, file: .file(file, [.read, .write]))
    try laboratory.write(parent, 1, 8)
    let child = try laboratory.kernel.fork(parent, id: 2, sharesMemory: false)
    try laboratory.write(child, 7, 0)
    try laboratory.write(child, 8, 4)
    try laboratory.write(child, 9, 8)
    #expect(try laboratory.read(parent, 0) == 7)
    #expect(try laboratory.read(parent, 4) == 8)
    #expect(try laboratory.read(parent, 8) == 1)
    laboratory.kernel.exit(parent)
    #expect(try laboratory.read(child, 0) == 7)
    laboratory.end([child], releasing: [file])
  }

  @Test("a child's inherited memory does not merge with new mappings")
  func inheritedFamilies() throws {
    let laboratory = try Laboratory()
    let parent = try laboratory.kernel.spawn(id: 1)
    try laboratory.map(parent, 0..<2)
    try laboratory.write(parent, 1, 0)
    let child = try laboratory.kernel.fork(parent, id: 2, sharesMemory: false)
    try laboratory.map(child, 2..<4)
    try laboratory.map(parent, 2..<4)
    #expect(child.pointee.space.pointee.vmas.count == 2)
    #expect(parent.pointee.space.pointee.vmas.count == 1)
  }

  @Test("threads share one space, which ends with the last of them")
  func threads() throws {
    let laboratory = try Laboratory()
    let first = try laboratory.kernel.spawn(id: 1)
    let second = try laboratory.kernel.fork(first, id: 2, sharesMemory: true)
    try laboratory.map(first, 0..<2)
    try laboratory.write(second, 9, 1)
    laboratory.kernel.exit(first)
    #expect(try laboratory.read(second, 1) == 9)
    try laboratory.kernel.exec(second)
    #expect(throws: FaultError.notMapped) { try laboratory.read(second, 1) }
    laboratory.kernel.exit(second)
    laboratory.expectAsAtBoot()
  }

  @Test("a child keeps the parent's idea of its stack, wherever other areas grow down")
  func stackLabel() throws {
    let laboratory = try Laboratory()
    let parent = try laboratory.kernel.spawn(id: 1)
    let stack = VirtualRange(
      VirtualAddress(laboratory.address(0)), VirtualAddress(laboratory.address(4)))
    try parent.pointee.space.pointee.addImageArea(
      VMA(range: stack, flags: .dataDefault.union(.growsDown), pageOffset: 0x7_fffe))
    try laboratory.map(
      parent, 2000..<2001, [.read, .write], [.private, .anonymous, .growsDown])
    let child = try laboratory.kernel.fork(parent, id: 2, sharesMemory: false)
    #expect(laboratory.maps(child) == laboratory.maps(parent))
    #expect(laboratory.maps(child).components(separatedBy: "[stack]").count == 2)
  }

  @Test("whatever a generation of processes did, in the end every frame is back")
  func generations() throws {
    try withSeed { random in
      let laboratory = try Laboratory()
      let file = try laboratory.makeFile(size: 65536, name: "/tmp/f")
      var tasks = [try laboratory.kernel.spawn(id: 0)]
      for step in 1..<400 {
        let task = random.element(of: tasks)
        let start = random.next(in: 0..<60)
        switch random.next(in: 0..<10) {
        case 0 where tasks.count < 8:
          let shares = random.chance(oneIn: 3)
          tasks.append(
            try laboratory.kernel.fork(task, id: Int32(step), sharesMemory: shares))
        case 1 where tasks.count > 1:
          tasks.removeAll { $0 == task }
          laboratory.kernel.exit(task)
        case 2 where random.chance(oneIn: 4): try laboratory.kernel.exec(task)
        case 3: try laboratory.map(task, start..<start + 4, .read)
        case 4:
          try laboratory.map(task, start..<start + 3, [.read, .write], [.shared, .anonymous])
        case 5:
          try laboratory.map(
            task, start..<start + 5, [.read, .write], .private, file: .file(file, .read))
        case 6: try laboratory.map(task, start..<start + 6)
        default: try? laboratory.write(task, 1, start)
        }
        task.pointee.checkSpace(isAlive: tasks.contains(task))
      }
      for task in tasks { laboratory.kernel.exit(task) }
      laboratory.kernel.services.release(file)
      laboratory.expectAsAtBoot()
    }
  }

  @Test("two spaces at one address are told apart by every architecture's hardware")
  func switching() throws {
    for architecture in [Architecture.x86_64, .arm64, .i386] {
      let laboratory = try Laboratory(architecture)
      let tasks = [try laboratory.kernel.spawn(id: 1), try laboratory.kernel.spawn(id: 2)]
      for (index, task) in tasks.enumerated() {
        try laboratory.map(task, 0..<1)
        try laboratory.write(task, UInt8(index + 1), 0)
      }
      for _ in 0..<2 {
        #expect(try laboratory.read(tasks[0], 0) == 1, "\(architecture)")
        #expect(try laboratory.read(tasks[1], 0) == 2, "\(architecture)")
      }
    }
  }

  @Test("tags run out and start over without a stale translation")
  func tagGenerations() throws {
    let laboratory = try Laboratory()
    let first = try laboratory.kernel.spawn(id: 1)
    try laboratory.map(first, 0..<1)
    try laboratory.write(first, 1, 0)
    for id in 2..<5000 {
      let task = try laboratory.kernel.spawn(id: Int32(id))
      laboratory.kernel.switchTo(task)
      laboratory.kernel.exit(task)
    }
    let last = try laboratory.kernel.spawn(id: 5000)
    try laboratory.map(last, 0..<1)
    try laboratory.write(last, 2, 0)
    #expect(try laboratory.read(first, 0) == 1)
    #expect(try laboratory.read(last, 0) == 2)
    laboratory.kernel.exit(first)
    laboratory.kernel.exit(last)
    laboratory.expectAsAtBoot()
  }
}

extension Task {
  fileprivate func checkSpace(isAlive: Bool) {
    if isAlive { space.pointee.checkInvariants() }
  }
}
