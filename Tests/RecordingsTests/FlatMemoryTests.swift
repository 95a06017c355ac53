#if os(Linux)

  import Foundation
  import Recordings
  import Testing

  @Suite("Memory of the readers")
  struct FlatMemoryTests {
    // In a process of its own: there nothing else takes memory meanwhile.
    @Test("memory stays flat over a text far larger than what it may grow by")
    func flatMemory() async {
      await #expect(processExitsWith: .success) { try readLongText() }
    }
  }

  /// Reads 62 MB of text while the process may grow by 24 MB.
  private func readLongText() throws {
    let lines = """
      5196  1795407320.793749 openat(AT_FDCWD</tmp>, "/etc/x", O_RDONLY|O_CLOEXEC) = 3</etc/x>
      5196  1795407320.793904 mmap(NULL, 45827, PROT_READ, MAP_PRIVATE, 3</etc/x>, 0) = 0x7ffff7fb4000
      5196  1795407320.793938 close(3</etc/x>) = 0
      5196  1795407320.793938 futex(0x7ffff7fb4000, FUTEX_WAKE, 1) = 0

      """
    // Members of 2.6 MB that compress to little, so the text itself does not count.
    let member = gzipped(Array(Array(repeating: lines, count: 8_000).joined().utf8))
    let path = freshPath(".strace.gz")
    try Data(Array(repeating: member, count: 24).flatMap(\.self)).write(
      to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }

    let reader = try StraceReader(path: path)
    for _ in 0..<1000 { _ = try reader.next() }
    let before = try residentBytes()
    var count = 1000
    while try reader.next() != nil { count += 1 }
    #expect(count == 24 * 8_000)
    #expect(try residentBytes() - before < 24 << 20)
    #expect(reader.ignored == ["futex": 24 * 8_000])
  }

  /// Resident bytes of this process.
  private func residentBytes() throws -> Int {
    let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
    return (Int(text.split(separator: " ")[1]) ?? 0) * 4096
  }

#endif
