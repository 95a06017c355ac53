import AddressSpaces
import Foundation
import KernelCore
import Machine
import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

/// `/proc/PID/smaps`, `smaps_rollup`, `status`, `statm` and `pagemap`, byte for byte.
struct ProcessTextTests {
  private func text(_ write: (inout TextCollector) -> Void) -> String {
    var collector = TextCollector()
    write(&collector)
    return collector.text
  }

  /// The numbers of an smaps text by name, one list per name.
  private func numbers(_ text: String, _ name: String) -> [Int] {
    text.split(separator: "\n").filter { $0.hasPrefix(name + ":") }.compactMap {
      $0.split(separator: " ").dropFirst().first.flatMap { Int($0) }
    }
  }

  @Test("smaps has the kernel's lines, columns and flags")
  func smaps() throws {
    let laboratory = try Laboratory()
    let task = try laboratory.kernel.spawn(id: 1)
    try laboratory.map(task, 0..<4)
    for page in 0..<3 { try laboratory.write(task, 1, page) }
    _ = try laboratory.read(task, 3)
    let expected = """
      40000000-40004000 rw-p 00000000 00:00 0 
      Size:                 16 kB
      KernelPageSize:        4 kB
      MMUPageSize:           4 kB
      Rss:                  12 kB
      Pss:                  12 kB
      Pss_Dirty:            12 kB
      Shared_Clean:          0 kB
      Shared_Dirty:          0 kB
      Private_Clean:         0 kB
      Private_Dirty:        12 kB
      Referenced:           12 kB
      Anonymous:            12 kB
      KSM:                   0 kB
      LazyFree:              0 kB
      AnonHugePages:         0 kB
      ShmemPmdMapped:        0 kB
      FilePmdMapped:         0 kB
      Shared_Hugetlb:        0 kB
      Private_Hugetlb:       0 kB
      Swap:                  0 kB
      SwapPss:               0 kB
      Locked:                0 kB
      THPeligible:           0
      VmFlags: rd wr mr mw me ac 

      """
    #expect(text { laboratory.kernel.writeSMaps(of: task, to: &$0) } == expected)
  }

  @Test("a page of two processes counts half in each; the sum of an unshared file is its own")
  func shares() throws {
    let laboratory = try Laboratory()
    let file = try laboratory.makeFile(size: 65536, name: "/tmp/f")
    let parent = try laboratory.kernel.spawn(id: 1)
    try laboratory.map(parent, 0..<4)
    try laboratory.map(
      parent, 8..<12, [.read, .write], .shared, file: .file(file, [.read, .write]))
    for page in 0..<4 { try laboratory.write(parent, 1, page) }
    _ = try laboratory.read(parent, 8)
    try laboratory.write(parent, 1, 9)
    let child = try laboratory.kernel.fork(parent, id: 2, sharesMemory: false)
    try laboratory.write(child, 2, 0)
    for page in [8, 9] { _ = try laboratory.read(child, page) }
    let smaps = text { laboratory.kernel.writeSMaps(of: child, to: &$0) }
    #expect(numbers(smaps, "Rss") == [16, 8])
    #expect(numbers(smaps, "Pss") == [4 + 6, 4])
    #expect(numbers(smaps, "Private_Dirty") == [4, 0])
    #expect(numbers(smaps, "Shared_Dirty") == [12, 4])
    #expect(numbers(smaps, "Shared_Clean") == [0, 4])
    #expect(numbers(smaps, "Anonymous") == [16, 0])
    let rollup = text { laboratory.kernel.writeSMapsRollup(of: child, to: &$0) }
    #expect(
      rollup.hasPrefix(
        "40000000-4000c000 ---p 00000000 00:00 0" + String(repeating: " ", count: 34) + "[rollup]\n"
      ))
    for (name, value) in [
      ("Rss", 24), ("Pss", 14), ("Pss_Anon", 10), ("Pss_File", 4), ("Pss_Shmem", 0),
    ] { #expect(numbers(rollup, name) == [value]) }
    #expect(!rollup.contains("Size:") && !rollup.contains("VmFlags"))
    laboratory.kernel.exit(parent)
    let alone = text { laboratory.kernel.writeSMaps(of: child, to: &$0) }
    #expect(numbers(alone, "Pss") == [16, 8])
  }

  @Test("names begin in column 73 behind device and inode, as the first line of smaps does")
  func names() throws {
    let laboratory = try Laboratory()
    let file = try laboratory.makeFile(size: 65536, name: "/usr/lib/libc.so.6")
    file.pointee.identity = FileIdentity(major: 0xfe, minor: 0, inode: 1_050_423)
    let task = try laboratory.kernel.spawn(id: 1)
    try laboratory.map(
      task, 0..<1, .read, .private, file: .file(file, .read), offset: 8192)
    let line =
      "40000000-40001000 r--p 00002000 fe:00 1050423                            /usr/lib/libc.so.6\n"
    #expect(laboratory.maps(task) == line)
    #expect(Array(line.utf8).firstIndex(of: UInt8(ascii: "/")) == 73)
    #expect(text { laboratory.kernel.writeSMaps(of: task, to: &$0) }.hasPrefix(line + "Size:"))
  }

  @Test("status has sixteen lines of memory, statm seven numbers, and they agree")
  func status() throws {
    let laboratory = try Laboratory()
    let task = try laboratory.kernel.spawn(id: 1)
    try laboratory.map(task, 0..<300)
    try laboratory.map(task, 400..<410, [.read, .execute])
    task.pointee.space.pointee.image.code = VirtualRange(
      VirtualAddress(laboratory.address(400) + 100), VirtualAddress(laboratory.address(402) + 1))
    for page in 0..<5 { try laboratory.write(task, 1, page) }
    try laboratory.kernel.munmap(task, address: laboratory.address(2), length: 3 * 4096)
    let expected = """
      VmPeak:\t    1240 kB
      VmSize:\t    1228 kB
      VmLck:\t       0 kB
      VmPin:\t       0 kB
      VmHWM:\t      20 kB
      VmRSS:\t       8 kB
      RssAnon:\t       8 kB
      RssFile:\t       0 kB
      RssShmem:\t       0 kB
      VmData:\t    1188 kB
      VmStk:\t       0 kB
      VmExe:\t      12 kB
      VmLib:\t      28 kB
      VmPTE:\t      12 kB
      VmSwap:\t       0 kB
      HugetlbPages:\t       0 kB

      """
    #expect(text { laboratory.kernel.writeStatus(of: task, to: &$0) } == expected)
    #expect(text { laboratory.kernel.writeStatm(of: task, to: &$0) } == "307 2 0 3 0 297 0\n")
  }

  @Test("pagemap tells presence, kind, sole users, and frames to the privileged")
  func pagemap() throws {
    let laboratory = try Laboratory()
    let file = try laboratory.makeFile(size: 65536, name: "/tmp/f")
    let task = try laboratory.kernel.spawn(id: 1)
    try laboratory.map(task, 0..<3)
    try laboratory.map(task, 3..<4, .read, .private, file: .file(file, .read))
    try laboratory.write(task, 1, 0)
    for page in [1, 3] { _ = try laboratory.read(task, page) }
    let (present, isFile, isSole): (UInt64, UInt64, UInt64) = (1 << 63, 1 << 61, 1 << 56)
    let entries = pageMap(laboratory, task, count: 5, showsFrames: false)
    #expect(entries == [present | isSole, present, 0, present | isFile | isSole, 0])
    let frame = try laboratory.access(task, laboratory.address(0), .read).rawValue >> 12
    #expect(pageMap(laboratory, task, count: 1, showsFrames: true) == [present | isSole | frame])
    _ = try laboratory.kernel.fork(task, id: 2, sharesMemory: false)
    #expect(pageMap(laboratory, task, count: 1, showsFrames: false) == [present])
    let end = UInt(task.pointee.space.pointee.layout.taskSize.rawValue) >> 12
    var collector = TextCollector()
    laboratory.kernel.writePageMap(
      of: task, from: end - 1, count: 10, showsFrames: false, to: &collector)
    #expect(collector.bytes.count == 8)
  }

  private func pageMap(
    _ laboratory: Laboratory, _ task: Ref<Task>, count: UInt, showsFrames: Bool
  ) -> [UInt64] {
    var collector = TextCollector()
    laboratory.kernel.writePageMap(
      of: task, from: Laboratory.base >> 12, count: count, showsFrames: showsFrames, to: &collector)
    return stride(from: 0, to: collector.bytes.count, by: 8).map { start in
      (0..<8).reduce(0) { $0 | UInt64(collector.bytes[start + $1]) << UInt64($1 * 8) }
    }
  }
}
