import AddressSpaces
import KernelCore
import MemoryTypes
import Testing

/// The system-call face: register values in, results and error numbers out.
struct CallTests {
  private func refuses(
    _ error: Errno, _ laboratory: Laboratory, _ task: Ref<Task>, address: UInt = 0,
    length: UInt = 4096, protection: UInt = 1, flags: UInt, file: OpenFile = .none,
    offset: UInt64 = 0, line: Int = #line
  ) {
    #expect(throws: error, "line \(line)") {
      try laboratory.kernel.mmap(
        task, address: address, length: length, protection: protection, flags: flags, file: file,
        offset: offset)
    }
  }

  @Test("mmap answers with the kernel's error numbers")
  func mmap() throws {
    let laboratory = try Laboratory()
    let task = try laboratory.kernel.spawn(id: 1)
    let file = try laboratory.makeFile(size: 4096, name: "f")
    let open = OpenFile.file(file, .read)
    refuses(.EINVAL, laboratory, task, length: 0, flags: 0x22)
    refuses(.EINVAL, laboratory, task, flags: 0x20)
    refuses(.EINVAL, laboratory, task, flags: 0x02, offset: 1)
    refuses(.EBADF, laboratory, task, flags: 0x02)
    refuses(.ENOMEM, laboratory, task, length: .max, flags: 0x22)
    refuses(.EPERM, laboratory, task, flags: 0x32)
    refuses(.EACCES, laboratory, task, protection: 2, flags: 0x01, file: open)
    refuses(.EOVERFLOW, laboratory, task, flags: 0x02, file: open, offset: 1 << 63)
    refuses(.EOPNOTSUPP, laboratory, task, flags: 0x8_0003, file: open)
    try laboratory.map(task, 0..<1)
    refuses(.EEXIST, laboratory, task, address: laboratory.address(0), flags: 0x10_0022)
    task.pointee.space.pointee.limits.locked = ByteCount(4096)
    refuses(.EAGAIN, laboratory, task, length: 8192, flags: 0x2022)
  }

  @Test("munmap, mprotect and mremap answer with the kernel's error numbers")
  func others() throws {
    let laboratory = try Laboratory()
    let task = try laboratory.kernel.spawn(id: 1)
    let file = try laboratory.makeFile(size: 4096, name: "f")
    try laboratory.map(task, 0..<1, .read, .shared, file: .file(file, .read))
    let start = laboratory.address(0)
    #expect(throws: Errno.EINVAL) {
      try laboratory.kernel.munmap(task, address: start + 1, length: 1)
    }
    #expect(throws: Errno.EACCES) {
      try laboratory.kernel.mprotect(task, address: start, length: 1, protection: 2)
    }
    #expect(throws: Errno.ENOMEM) {
      try laboratory.kernel.mprotect(task, address: start + 4096, length: 1, protection: 0)
    }
    #expect(throws: Errno.EINVAL) {
      try laboratory.kernel.mprotect(task, address: start, length: 1, protection: 1 << 40 | 1)
    }
    #expect(throws: Errno.EFAULT) {
      try laboratory.kernel.mremap(
        task, address: start + 4096, oldLength: 4096, newLength: 8192, flags: 0, newAddress: 0)
    }
    #expect(throws: Errno.EINVAL) {
      try laboratory.kernel.mremap(
        task, address: start, oldLength: 4096, newLength: 8192, flags: 1 << 40, newAddress: 0)
    }
    try laboratory.kernel.munmap(task, address: start, length: 1)
    #expect(laboratory.maps(task) == "")
  }

  @Test("MAP_POPULATE and MAP_LOCKED bring the pages at once, one minor fault each")
  func populate() throws {
    let laboratory = try Laboratory()
    let task = try laboratory.kernel.spawn(id: 1)
    try laboratory.map(task, 0..<8, [.read, .write], [.private, .anonymous, .populate])
    #expect(task.pointee.space.pointee.resident.anonymous == PageCount(8))
    try laboratory.map(task, 10..<14, [.read, .write], [.private, .anonymous, .locked])
    #expect(task.pointee.space.pointee.resident.anonymous == PageCount(12))
    #expect(task.pointee.space.pointee.faults.minor == 12)
    try laboratory.map(
      task, 20..<24, [.read, .write], [.private, .anonymous, .populate, .nonblock])
    #expect(task.pointee.space.pointee.resident.anonymous == PageCount(12))
    laboratory.kernel.exit(task)
    laboratory.expectAsAtBoot()
  }

  @Test("brk tells the break in force, whatever is asked")
  func brk() throws {
    let laboratory = try Laboratory()
    let task = try laboratory.kernel.spawn(id: 1)
    let start = laboratory.address(0)
    task.pointee.space.pointee.setHeap(
      start: VirtualAddress(start), programBreak: VirtualAddress(start))
    #expect(laboratory.kernel.brk(task, 0) == start)
    #expect(laboratory.kernel.brk(task, start + 100) == start + 100)
    #expect(laboratory.kernel.brk(task, .max) == start + 100)
    #expect(laboratory.kernel.brk(task, start) == start)
    #expect(laboratory.maps(task) == "")
  }
}
