import AddressSpaces
import KernelCore
import Machine
import MemoryTypes
import Testing

/// mmap of files and huge pages, ftruncate, seals: what is refused, and what is left then.
struct FileCallTests {
  private static let privateAnonymous: UInt = 0x22
  private static let hugeTLB: UInt = 0x4_0000
  private static let noReserve: UInt = 0x4000
  private static let fixed: UInt = 0x10

  private func result(
    _ laboratory: Laboratory, _ task: Ref<Task>, address: UInt = 0, length: UInt = 4096,
    protection: UInt = 3, flags: UInt, file: OpenFile = .none, offset: UInt64 = 0
  ) -> Errno? {
    do throws(Errno) {
      _ = try laboratory.kernel.mmap(
        task, address: address, length: length, protection: protection, flags: flags, file: file,
        offset: offset)
      return nil
    } catch {
      return error
    }
  }

  @Test("huge pages: sizes the machine lacks are EINVAL, promises ENOMEM, without promise they map")
  func hugePages() throws {
    let laboratory = try Laboratory()
    let task = try laboratory.kernel.spawn(id: 1)
    let huge = Self.privateAnonymous | Self.hugeTLB
    #expect(result(laboratory, task, flags: huge) == .ENOMEM)
    for shift: UInt in [1, 12, 16, 22, 63] {
      #expect(result(laboratory, task, flags: huge | Self.noReserve | shift << 26) == .EINVAL)
    }
    let free = huge | Self.noReserve
    #expect(result(laboratory, task, flags: free, offset: 4096) == .EINVAL)
    #expect(result(laboratory, task, length: .max, flags: free) == .EINVAL)
    #expect(result(laboratory, task, flags: free | 0x100) == .EINVAL)
    #expect(
      result(laboratory, task, address: laboratory.address(1), flags: free | Self.fixed) == .EINVAL)
    let file = try laboratory.makeFile(size: 4096, name: "f")
    #expect(
      result(laboratory, task, flags: 2 | Self.hugeTLB, file: .file(file, .read)) == .EINVAL)
    #expect(result(laboratory, task, flags: 2 | Self.hugeTLB) == .EBADF)
  }

  @Test("a mapping of huge pages is aligned, cut at huge pages only, and has no page to give")
  func hugeMapping() throws {
    let laboratory = try Laboratory()
    let task = try laboratory.kernel.spawn(id: 1)
    let start = try laboratory.kernel.mmap(
      task, address: 0, length: 4097, protection: 3, flags: 0x4_4022)
    #expect(start & 0x1f_ffff == 0)
    #expect(laboratory.maps(task).hasSuffix("/anon_hugepage (deleted)\n"))
    #expect(throws: FaultError.beyondFile) {
      try laboratory.access(task, start, .read)
    }
    #expect(throws: Errno.EINVAL) {
      try laboratory.kernel.munmap(task, address: start, length: 4096)
    }
    #expect(throws: Errno.EINVAL) {
      try laboratory.kernel.mprotect(task, address: start, length: 4096, protection: 1)
    }
    try laboratory.kernel.munmap(task, address: start, length: 2 << 20)
    laboratory.kernel.exit(task)
    laboratory.expectAsAtBoot()
  }

  @Test("what a file refuses at the end leaves a hole where MAP_FIXED had cleared the place")
  func lateRefusal() throws {
    let laboratory = try Laboratory()
    let task = try laboratory.kernel.spawn(id: 1)
    let file = try laboratory.makeFile(size: 65536, name: "f")
    try laboratory.map(task, 0..<8)
    let place = laboratory.address(2)
    #expect(
      result(
        laboratory, task, address: place, flags: 0x8_0012, file: .file(file, [.read, .write]))
        == .EOPNOTSUPP)
    #expect(task.pointee.space.pointee.vmas.count == 2)
    #expect(throws: FaultError.notMapped) { try laboratory.read(task, 2) }
    task.pointee.space.pointee.checkInvariants()
    laboratory.kernel.exit(task)
    laboratory.kernel.services.release(file)
    laboratory.expectAsAtBoot()
  }

  @Test("MAP_SYNC is for disks of memory only; memory files do not mind, but where it is validated")
  func synchronous() throws {
    let laboratory = try Laboratory()
    let task = try laboratory.kernel.spawn(id: 1)
    let disk = OpenFile.file(try laboratory.makeFile(size: 4096, name: "d"), [.read, .write])
    let memory = OpenFile.file(
      try laboratory.makeFile(.sharedMemory, size: 4096, name: "m"), [.read, .write])
    for type: UInt in [1, 2, 3] {
      #expect(result(laboratory, task, flags: type | 0x8_0000, file: disk) == .EOPNOTSUPP)
    }
    #expect(result(laboratory, task, flags: 0x8_0001, file: memory) == nil)
    #expect(result(laboratory, task, flags: 0x8_0002, file: memory) == nil)
    #expect(result(laboratory, task, flags: 0x8_0003, file: memory) == .EOPNOTSUPP)
    #expect(result(laboratory, task, flags: 0x0800 | 0x1000 | 2, file: disk) == nil)
  }

  @Test("the order of refusals: descriptor, length, size, flags, permission, kind")
  func order() throws {
    let laboratory = try Laboratory()
    let task = try laboratory.kernel.spawn(id: 1)
    let file = try laboratory.makeFile(size: 4096, name: "d")
    let (reader, writer) = (OpenFile.file(file, .read), OpenFile.file(file, .write))
    let directory = OpenFile.file(
      try laboratory.makeFile(.unmappable, size: 0, name: "/"), .read)
    #expect(result(laboratory, task, flags: 1, offset: 1) == .EINVAL)
    #expect(result(laboratory, task, length: 0, flags: 1) == .EBADF)
    #expect(result(laboratory, task, length: 0, flags: 1, file: reader) == .EINVAL)
    let end: UInt64 = 0x7fff_ffff_ffff_f000
    #expect(result(laboratory, task, flags: 1, file: writer, offset: end) == .EOVERFLOW)
    #expect(result(laboratory, task, flags: 3 | 1 << 23, file: reader) == .EOPNOTSUPP)
    #expect(result(laboratory, task, flags: 1, file: reader) == .EACCES)
    #expect(result(laboratory, task, flags: 1, file: writer) == .EACCES)
    #expect(result(laboratory, task, protection: 1, flags: 1, file: reader) == nil)
    #expect(result(laboratory, task, protection: 1, flags: 2, file: directory) == .ENODEV)
    #expect(result(laboratory, task, protection: 1, flags: 0x102, file: reader) == .EINVAL)
    #expect(result(laboratory, task, flags: 4, file: reader) == .EINVAL)
  }

  @Test("droppable memory is private, unreserved, wiped at fork, and neither locked nor a stack")
  func droppable() throws {
    let laboratory = try Laboratory()
    let task = try laboratory.kernel.spawn(id: 1)
    #expect(result(laboratory, task, flags: 0x2028) == .EINVAL)
    #expect(result(laboratory, task, flags: 0x0128) == .EINVAL)
    #expect(result(laboratory, task, flags: 0x28) == nil)
    let flags = try #require(task.pointee.space.pointee.vmas.first).pointee.flags
    #expect(flags.isSuperset(of: [.droppable, .wipeOnFork, .dontDump, .noReserve]))
    #expect(!flags.contains(.accounted))
  }

  @Test("ftruncate answers with the kernel's error numbers")
  func truncation() throws {
    let laboratory = try Laboratory()
    let file = try laboratory.makeFile(size: 4096, name: "d")
    let memory = try laboratory.makeFile(.sharedMemory, size: 4096, name: "m")
    let writer = OpenFile.file(file, [.read, .write])
    let refused: [(OpenFile, Int64, Errno)] = [
      (writer, -1, .EINVAL), (.none, -1, .EINVAL), (.none, 0, .EBADF),
      (.file(file, .read), 0, .EINVAL), (writer, .max, .EFBIG),
    ]
    for (open, length, error) in refused {
      #expect(throws: error) { try laboratory.kernel.ftruncate(open, length: length) }
    }
    try memory.pointee.add([.shrink, .grow])
    let sealed = OpenFile.file(memory, [.read, .write])
    for length: Int64 in [0, 4097] {
      #expect(throws: Errno.EPERM) { try laboratory.kernel.ftruncate(sealed, length: length) }
    }
    try laboratory.kernel.ftruncate(sealed, length: 4096)
    try laboratory.kernel.ftruncate(writer, length: 1 << 40)
    #expect(file.pointee.size == 1 << 40)
  }

  @Test("seals: against writes only without a writable mapping, then no mapping may write")
  func seals() throws {
    let laboratory = try Laboratory()
    let task = try laboratory.kernel.spawn(id: 1)
    let memory = try laboratory.makeFile(.sharedMemory, size: 8192, name: "m")
    let open = OpenFile.file(memory, [.read, .write])
    try laboratory.map(task, 0..<1, .read, .shared, file: open)
    #expect(throws: MapError.busy) { try memory.pointee.add(.write) }
    #expect(throws: MapError.invalidArgument) { try memory.pointee.add(FileSeals(rawValue: 64)) }
    try memory.pointee.add(.futureWrite)
    #expect(result(laboratory, task, flags: 1, file: open) == .EPERM)
    #expect(result(laboratory, task, protection: 1, flags: 1, file: open) == nil)
    #expect(result(laboratory, task, flags: 2, file: open) == nil)
    try memory.pointee.add(.seal)
    #expect(throws: MapError.notPermitted) { try memory.pointee.add(.grow) }
    let disk = try laboratory.makeFile(size: 4096, name: "d")
    #expect(throws: MapError.invalidArgument) { try disk.pointee.add(.grow) }
  }
}
