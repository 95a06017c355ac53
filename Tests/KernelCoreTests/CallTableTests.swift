import AddressSpaces
import KernelCore
import Machine
import MemoryTypes
import Testing

/// The table of calls where it does more than to pass registers on: what it reads from the program's
/// memory. Answers are those of Linux 6.18.
struct CallTableTests {
  private let trial: ErrnoTrial

  init() throws { trial = try ErrnoTrial(.x86_64) }

  private func advise(_ vector: [UInt64], advice: UInt64 = 20) throws -> Int64 {
    try trial.store(vector, at: trial.at(10))
    return trial.call(
      .processMadvise, 0, trial.at(10), UInt64(vector.count / 2), advice,
      process: .task(trial.task))
  }

  @Test("process_madvise reads its ranges, few or many, and tells the bytes advised")
  func vectors() throws {
    #expect(try advise([]) == 0)
    #expect(try advise([trial.at(0), 4096, trial.at(2), 8192]) == 12288)
    let many = [[UInt64]](repeating: [trial.at(1), 4096], count: 200).joined()
    #expect(try advise(Array(many)) == 200 * 4096)
    #expect(try advise([trial.at(0), 4096, trial.at(8), 4096]) == 4096)
    trial.end()
  }

  @Test("ranges of process_madvise that exceed 2 GiB together are cut off there")
  func cut() throws {
    // The first is advised; the second is cut to one byte less than 2 GiB, and meets a hole.
    #expect(try advise([trial.at(0), 4096, trial.at(1), 1 << 31]) == 4096)
    #expect(try advise([trial.at(0), 1 << 46]) == -Int64(Errno.ENOMEM.rawValue))
    #expect(
      try advise([trial.at(0), 4096, trial.at(1), 1 << 46]) == 4096,
      "ranges inside the address space are taken, however long")
    #expect(
      try advise([trial.at(0), 4096, trial.at(1), 1 << 47]) == -Int64(Errno.EFAULT.rawValue))
    trial.end()
  }

  @Test("PR_SET_VMA reads the name at its pointer")
  func names() throws {
    try trial.store("pool of workers", at: trial.at(10))
    #expect(trial.call(.prctl, 0x5356_4d41, 0, trial.at(0), 4096, trial.at(10)) == 0)
    #expect(trial.laboratory.maps(trial.task).contains("[anon:pool of workers]\n"))
    #expect(trial.call(.prctl, 0x5356_4d41, 0, trial.at(0), 4096, 0) == 0)
    #expect(!trial.laboratory.maps(trial.task).contains("[anon:"))
    trial.end()
  }

  @Test("a name may have 79 characters, and end where its page does")
  func longNames() throws {
    let name = String(repeating: "x", count: 79)
    let place = trial.at(12) - 80
    try trial.store(name, at: place)
    #expect(trial.call(.prctl, 0x5356_4d41, 0, trial.at(0), 4096, place) == 0)
    #expect(trial.laboratory.maps(trial.task).contains("[anon:\(name)]\n"))
    trial.end()
  }

  @Test("a call that succeeds answers with 0, an address or a count")
  func answers() throws {
    #expect(trial.call(.brk) >= 0)
    #expect(trial.mmap() > 0)
    #expect(trial.mremap(trial.at(10), 2, 1) == Int64(trial.at(10)))
    #expect(trial.call(.munmap, trial.at(10), 4096) == 0)
    #expect(trial.call(.mlock, trial.at(0), 4096) == 0)
    #expect(trial.call(.munlockall) == 0)
    trial.end()
  }
}

/// Mappings of huge pages that nobody promised, as Linux 6.18 changes them.
struct HugePageCallTests {
  private let trial: ErrnoTrial
  private let start: UInt64
  private let huge: UInt64 = 2 << 20

  init() throws {
    trial = try ErrnoTrial(.x86_64)
    start = UInt64(
      trial.mmap(
        length: 2 * huge, [.read, .write], [.private, .anonymous, .hugeTLB, .noReserve]))
  }

  private func remap(
    _ address: UInt64, _ old: UInt64, _ new: UInt64, _ flags: UInt64 = 0, to target: UInt64 = 0
  ) -> Int64 {
    trial.call(.mremap, address, old, new, flags, target)
  }

  @Test("they are marked so, and do not expand")
  func flags() throws {
    let vma = try #require(
      trial.task.pointee.space.pointee.vmas.vma(at: VirtualAddress(UInt(start))))
    #expect(vma.pointee.flags.isSuperset(of: [.hugeTLB, .dontExpand, .noReserve]))
    trial.end()
  }

  @Test("mremap counts in huge pages")
  func sizes() {
    #expect(remap(start, 4096, 8192) == Int64(start))
    #expect(remap(start, huge + 4096, 2 * huge) == Int64(start))
    #expect(remap(start, 2 * huge, huge + 4096) == Int64(start))
    #expect(remap(start, huge, 2 * huge, 1) == -Int64(Errno.EINVAL.rawValue))
    #expect(remap(start + 4096, 4096, 4096) == -Int64(Errno.EINVAL.rawValue))
    #expect(remap(start, 2 * huge, 4096) == Int64(start))
    #expect(trial.laboratory.maps(trial.task).contains("/anon_hugepage (deleted)"))
    trial.end()
  }

  @Test("a part of a huge page moves with the whole of it, to where one can be")
  func moves() {
    let target: UInt64 = 0x6000_0000_0000
    #expect(remap(start, huge, huge, 3, to: target + 4096) == -Int64(Errno.EINVAL.rawValue))
    #expect(remap(start, 4096, 4096, 3, to: target) == Int64(target))
    #expect(trial.laboratory.maps(trial.task).contains("600000000000-600000200000 rw-p"))
    trial.end()
  }
}
