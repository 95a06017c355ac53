import AddressSpaces
import KernelCore
import MemoryTypes
import PhysicalMemory
import Testing

/// The system-call face of advice, locks, residence, keys, names and limits: which error number.
struct AdviceCallTests {
  private let laboratory: Laboratory
  private let task: Ref<Task>
  private let page: UInt = 4096

  init() throws {
    laboratory = try Laboratory()
    task = try laboratory.kernel.spawn(id: 1)
    try laboratory.map(task, 0..<4)
    try laboratory.map(task, 8..<10)
  }

  private func privileged(_ privileges: Privileges) {
    task.pointee.space.pointee.limits.privileges = privileges
  }

  @Test("madvise has an error number for each way to refuse")
  func madvise() throws {
    let file = try laboratory.makeFile(size: 4096, name: "/f")
    try laboratory.map(task, 20..<22, .read, .private, file: .file(file, .read))
    let start = laboratory.address(0)
    func advise(_ address: UInt, _ length: UInt, _ advice: Advice) throws(Errno) {
      try laboratory.kernel.madvise(
        task, address: address, length: length, advice: UInt(advice.rawValue))
    }
    try advise(start, page, .random)
    #expect(throws: Errno.EINVAL) { try advise(start + 1, page, .random) }
    #expect(throws: Errno.ENOMEM) { try advise(start, 6 * page, .random) }
    #expect(throws: Errno.EPERM) { try advise(start, page, .hardwarePoison) }
    #expect(throws: Errno.EACCES) { try advise(laboratory.address(20), page, .remove) }
    #expect(throws: Errno.EFAULT) { try advise(laboratory.address(20), 2 * page, .populateRead) }
    task.pointee.space.pointee.limits.maximumVMAs = 1
    #expect(throws: Errno.EAGAIN) { try advise(start + 2 * page, page, .dontFork) }
    laboratory.kernel.services.release(file)
    laboratory.kernel.exit(task)
    laboratory.expectAsAtBoot()
  }

  @Test("only the low 32 bits of an advice count")
  func wideAdvice() throws {
    try laboratory.kernel.madvise(
      task, address: laboratory.address(0), length: page, advice: 1 << 32 | 4)
  }

  @Test("process_madvise tells the bytes advised, up to the first refusal")
  func vector() throws {
    let start = laboratory.address(0)
    func advise(
      _ ranges: [UserRange], _ advice: Advice, of target: AdvisedProcess, flags: UInt = 0
    ) throws(Errno) -> UInt {
      try laboratory.kernel.processMadvise(
        task, target: target, ranges: ranges.span, advice: UInt(advice.rawValue), flags: flags)
    }
    let good = UserRange(address: start, length: 2 * page)
    let bad = UserRange(address: start + 5 * page, length: page)
    #expect(try advise([good, good], .cold, of: .task(task)) == 4 * page)
    #expect(try advise([good, bad, good], .cold, of: .task(task)) == 2 * page)
    #expect(throws: Errno.ENOMEM) { try advise([bad, good], .cold, of: .task(task)) }
    #expect(try advise([], .cold, of: .task(task)) == 0)
    #expect(try advise([good], .dontNeed, of: .task(task)) == 2 * page)
    #expect(throws: Errno.EINVAL) { try advise([good], .cold, of: .task(task), flags: 1) }
    #expect(throws: Errno.ESRCH) { try advise([good], .cold, of: .ended) }
    #expect(throws: Errno.EBADF) { try advise([good], .cold, of: .none) }
    let many = Array(repeating: good, count: 1025)
    #expect(throws: Errno.EINVAL) { try advise(many, .cold, of: .task(task)) }
    let other = try laboratory.kernel.fork(task, id: 2, sharesMemory: false)
    #expect(throws: Errno.EPERM) { try advise([good], .cold, of: .task(other)) }
    #expect(throws: Errno.EINVAL) { try advise([good], .dontNeed, of: .task(other)) }
    privileged(.priorities)
    #expect(try advise([good], .cold, of: .task(other)) == 2 * page)
  }

  @Test("locks have an error number for each way to refuse")
  func locks() throws {
    let start = laboratory.address(0)
    try laboratory.kernel.mlock(task, address: start, length: page)
    try laboratory.kernel.mlock2(task, address: start, length: page, flags: 1)
    #expect(throws: Errno.EINVAL) {
      try laboratory.kernel.mlock2(task, address: start, length: page, flags: 2)
    }
    #expect(throws: Errno.ENOMEM) {
      try laboratory.kernel.mlock(task, address: start, length: 6 * page)
    }
    #expect(throws: Errno.ENOMEM) {
      try laboratory.kernel.munlock(task, address: start + 3 * page, length: 3 * page)
    }
    #expect(throws: Errno.EINVAL) { try laboratory.kernel.mlockall(task, flags: 4) }
    #expect(throws: Errno.EINVAL) { try laboratory.kernel.mlockall(task, flags: 8) }
    #expect(throws: Errno.EINVAL) {
      try laboratory.kernel.msync(task, address: start, length: page, flags: 5)
    }
    try laboratory.kernel.mlockall(task, flags: 3)
    #expect(throws: Errno.EBUSY) {
      try laboratory.kernel.msync(task, address: start, length: page, flags: 2)
    }
    try laboratory.kernel.munlockall(task)
    task.pointee.space.pointee.limits.locked = .zero
    #expect(throws: Errno.EPERM) { try laboratory.kernel.mlockall(task, flags: 1) }
    #expect(throws: Errno.EPERM) {
      try laboratory.kernel.mlock(task, address: start, length: page)
    }
    laboratory.kernel.exit(task)
    laboratory.expectAsAtBoot()
  }

  @Test("locked and populated mappings have their pages at once; NONBLOCK undoes POPULATE")
  func mappings() throws {
    let populated: MapFlags = [.private, .anonymous, .populate]
    try laboratory.map(task, 20..<22, [.read, .write], populated)
    try laboratory.map(task, 30..<32, [.read, .write], populated.union(.nonblock))
    try laboratory.map(task, 40..<42, [.read, .write], [.private, .anonymous, .locked])
    func residence(_ range: Range<Int>) throws(Errno) -> String {
      var text = ""
      try laboratory.kernel.mincore(
        task, address: laboratory.address(range.lowerBound), length: UInt(range.count) * page
      ) { text += $0 ? "1" : "0" }
      return text
    }
    #expect(try residence(20..<22) == "11")
    #expect(try residence(30..<32) == "00")
    #expect(try residence(40..<42) == "11")
    try laboratory.kernel.mlockall(task, flags: 6)
    try laboratory.map(task, 50..<52)
    #expect(try residence(50..<52) == "00")
    #expect(throws: Errno.ENOMEM) { try residence(52..<53) }
  }

  @Test("mincore: the vector comes into memory, or is EFAULT; a hole and a bad start come first")
  func mincore() throws {
    let start = laboratory.address(0)
    func ask(_ address: UInt, _ pages: UInt, _ vector: UInt) throws(Errno) -> Int {
      var count = 0
      try laboratory.kernel.mincore(
        task, address: address, length: pages * page, vector: vector
      ) { _ in count += 1 }
      return count
    }
    #expect(try ask(start, 4, laboratory.address(8)) == 4)
    #expect(task.pointee.space.pointee.resident.anonymous == PageCount(1))
    #expect(throws: Errno.EFAULT) { try ask(start, 4, laboratory.address(100)) }
    #expect(throws: Errno.EFAULT) { try ask(start, 4, .max) }
    #expect(throws: Errno.EINVAL) { try ask(start + 1, 4, .max) }
    #expect(throws: Errno.ENOMEM) { try ask(start, 5, laboratory.address(100)) }
    laboratory.pages.pointee.faultPlan = .failing(nth: 1)
    #expect(throws: Errno.EAGAIN) { try ask(start, 4, laboratory.address(8)) }
    laboratory.pages.pointee.faultPlan = .none
  }

  @Test("a child inherits names, keys and guards, not locks; wiped memory has none of its pages")
  func fork() throws {
    let bytes = Array("pool".utf8)
    try laboratory.kernel.setName(
      task, option: 0, address: laboratory.address(0), length: page,
      name: AreaNameText(bytes.span))
    laboratory.kernel.services.pointee.features.insert(.protectionKeys)
    #expect(try laboratory.kernel.pkeyAlloc(task, flags: 0, rights: 0) == 1)
    try laboratory.kernel.mlock(task, address: laboratory.address(1), length: page)
    func advise(_ page: Int, _ advice: Advice) throws(Errno) {
      try laboratory.kernel.madvise(
        task, address: laboratory.address(page), length: 4096, advice: UInt(advice.rawValue))
    }
    try advise(2, .guardInstall)
    try laboratory.write(task, 7, 8)
    try advise(8, .wipeOnFork)
    try laboratory.write(task, 8, 9)
    try advise(3, .dontFork)
    let child = try laboratory.kernel.fork(task, id: 2, sharesMemory: false)
    #expect(laboratory.maps(child).contains("[anon:pool]\n"))
    #expect(try laboratory.kernel.pkeyAlloc(child, flags: 0, rights: 0) == 2)
    #expect(child.pointee.space.pointee.accounts.locked == .zero)
    #expect(throws: FaultError.notMapped) { try laboratory.read(child, 2) }
    #expect(throws: FaultError.notMapped) { try laboratory.read(child, 3) }
    #expect(try laboratory.read(child, 8) == 0)
    #expect(try laboratory.read(child, 9) == 8)
    laboratory.kernel.exit(child)
    laboratory.kernel.exit(task)
    laboratory.expectAsAtBoot()
  }

  @Test("a hole punched into shared memory, and a page written back, show in every process")
  func everywhere() throws {
    try laboratory.map(task, 20..<22, [.read, .write], [.shared, .anonymous])
    try laboratory.write(task, 7, 20)
    let child = try laboratory.kernel.fork(task, id: 2, sharesMemory: false)
    #expect(try laboratory.read(child, 20) == 7)
    try laboratory.kernel.madvise(
      child, address: laboratory.address(20), length: page, advice: UInt(Advice.remove.rawValue))
    #expect(try laboratory.read(task, 20) == 0)
    laboratory.kernel.exit(child)
    laboratory.kernel.exit(task)
    laboratory.expectAsAtBoot()
  }

  @Test("limits are set up to the highest, which only the privileged raise")
  func limits() throws {
    func set(_ resource: UInt, _ current: UInt, _ highest: UInt) throws(Errno) {
      try laboratory.kernel.setrlimit(
        task, resource: resource, current: current, highest: highest)
    }
    try set(9, 20 * page, 40 * page)
    #expect(throws: Errno.ENOMEM) { try laboratory.map(task, 100..<120) }
    try set(9, 40 * page, 40 * page)
    try laboratory.map(task, 100..<120)
    #expect(throws: Errno.EPERM) { try set(9, 1, .max) }
    #expect(throws: Errno.EINVAL) { try set(9, 2, 1) }
    #expect(throws: Errno.EINVAL) { try set(16, 1, 1) }
    try set(7, 1, 1)
    privileged(.resources)
    try set(9, .max, .max)
    try set(2, page, page)
    #expect(throws: Errno.ENOMEM) { try laboratory.map(task, 200..<201) }
    try set(8, 0, 0)
    #expect(throws: Errno.EPERM) {
      try laboratory.kernel.mlock(task, address: laboratory.address(0), length: page)
    }
    try set(3, page, page)
    #expect(task.pointee.space.pointee.limits.stack == ByteCount(page))
  }

  @Test("keys: EINVAL without hardware, ENOSPC when all are taken")
  func keys() throws {
    #expect(throws: Errno.EINVAL) { try laboratory.kernel.pkeyAlloc(task, flags: 0, rights: 0) }
    laboratory.kernel.services.pointee.features.insert(.protectionKeys)
    for key: UInt in 1...15 {
      #expect(try laboratory.kernel.pkeyAlloc(task, flags: 0, rights: 0) == key)
    }
    #expect(throws: Errno.ENOSPC) { try laboratory.kernel.pkeyAlloc(task, flags: 0, rights: 0) }
    let start = laboratory.address(0)
    try laboratory.kernel.pkeyMprotect(
      task, address: start, length: page, protection: 1, key: 3)
    #expect(throws: Errno.EINVAL) {
      try laboratory.kernel.pkeyMprotect(
        task, address: start, length: page, protection: 1, key: 77)
    }
    #expect(throws: Errno.EINVAL) {
      try laboratory.kernel.pkeyMprotect(
        task, address: start, length: page, protection: 1 << 32, key: 3)
    }
    try laboratory.kernel.pkeyFree(task, key: 3)
    #expect(throws: Errno.EINVAL) { try laboratory.kernel.pkeyFree(task, key: 3) }
  }

  @Test("prctl: names and bounds; what is not built is refused")
  func control() throws {
    func name(_ text: AreaNameText, option: UInt = 0) throws(Errno) {
      try laboratory.kernel.setName(
        task, option: option, address: laboratory.address(0), length: page, name: text)
    }
    let bytes = Array("stack of worker".utf8)
    try name(AreaNameText(bytes.span))
    #expect(laboratory.maps(task).contains("[anon:stack of worker]\n"))
    try name(.none)
    #expect(!laboratory.maps(task).contains("[anon:"))
    #expect(throws: Errno.EINVAL) { try name(.invalid) }
    #expect(throws: Errno.EINVAL) { try name(.none, option: 1) }
    func bound(_ option: UInt, _ third: UInt = 0) throws(Errno) {
      try laboratory.kernel.setImageBound(
        task, option: option, address: laboratory.address(0), third: third, fourth: 0)
    }
    #expect(throws: Errno.EPERM) { try bound(1) }
    #expect(throws: Errno.EINVAL) { try bound(1, 7) }
    #expect(throws: Errno.ENOSYS) { try laboratory.kernel.membarrier(command: 1, flags: 0) }
  }
}
