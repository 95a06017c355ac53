import Foundation
import Recordings
import Simulation
import Testing

/// /proc/vmstat beside those of booted kernels.
struct VMStatTests {
  /// The counters that a machine of the preset writes after `lines`, in order.
  private func counters(
    _ preset: String, after lines: String...
  ) throws -> [(name: String, value: UInt64)] {
    let session = try ShellSession(try #require(MachineConfiguration.presets[preset]))
    for line in lines { _ = try session.run(line) }
    let text = try #require(try session.run("vmstat"))
    return try text.split(separator: "\n").map { line in
      let words = line.split(separator: " ")
      try #require(words.count == 2)
      return (String(words[0]), try #require(UInt64(words[1])))
    }
  }

  @Test("names stand in the order of the kernel's own text, each once")
  func order() throws {
    let ours = try counters("pi5").map(\.name)
    #expect(Set(ours).count == ours.count)
    #expect(ours.count > 140)
    try withBoots(of: "arm64-4k-va39") { folders in
      let file = try #require(folders.first).appending(path: "vmstat.txt")
      let text = try String(contentsOf: file, encoding: .utf8)
      let theirs = text.split(separator: "\n").map { String($0.prefix { $0 != " " }) }
      let places = ours.map { theirs.firstIndex(of: $0) }
      #expect(zip(ours, places).filter { $0.1 == nil }.map(\.0) == [])
      #expect(places.compactMap(\.self) == places.compactMap(\.self).sorted())
    }
  }

  @Test("what was allocated and not freed is what is not free, whatever programs do")
  func balance() throws {
    let calls = ["mmap 64K", "touch _ 64K", "fork", "touch _ 64K", "exit", "munmap _ 32K"]
    for preset in ["x86-server", "pi5-16k", "i386"] {
      let before = try balance(preset, [])
      let after = try balance(preset, calls)
      #expect(after.allocated > before.allocated)
      #expect(after.unowned + after.allocated == after.freed)
    }
  }

  private func balance(
    _ preset: String, _ calls: [String]
  ) throws -> (allocated: UInt64, freed: UInt64, unowned: UInt64) {
    let session = try ShellSession(try #require(MachineConfiguration.presets[preset]))
    for line in calls { _ = try session.run(line) }
    let text = try #require(try session.run("vmstat"))
    func sum(_ text: String, _ matches: (Substring) -> Bool) -> UInt64 {
      text.split(separator: "\n").filter(matches).reduce(0) { sum, line in
        sum + (UInt64(line.split(separator: " ").last ?? "") ?? 0)
      }
    }
    // The count of free frames lags behind the lists. What processors keep is nobody's either.
    let lists = try #require(try session.run("buddyinfo"))
    let free = lists.split(separator: "\n").reduce(UInt64(0)) { sum, line in
      line.split(separator: " ").dropFirst(4).enumerated().reduce(sum) { sum, column in
        sum + (UInt64(column.element) ?? 0) << UInt64(column.offset)
      }
    }
    let kept = sum(try #require(try session.run("zoneinfo"))) { $0.contains(" count: ") }
    return (
      sum(text) { $0.hasPrefix("pgalloc_") }, sum(text) { $0.hasPrefix("pgfree ") }, free + kept
    )
  }

  @Test("pages of programs, tables and the heap are counted where they are")
  func uses() throws {
    func change(_ lines: String...) throws -> [String: Int64] {
      let before = try counters("x86-server")
      let session = try ShellSession(MachineConfiguration.standard)
      for line in lines { _ = try session.run(line) }
      let text = try #require(try session.run("vmstat"))
      var change: [String: Int64] = [:]
      for line in text.split(separator: "\n") {
        let words = line.split(separator: " ")
        change[String(words[0])] = Int64(words[1])
      }
      for (name, value) in before { change[name, default: 0] -= Int64(value) }
      return change
    }
    let anonymous = try change("mmap 64K", "touch _ 64K")
    #expect(anonymous["nr_anon_pages"] == 16)
    #expect(anonymous["nr_file_pages"] == 0)
    #expect((anonymous["nr_page_table_pages"] ?? 0) > 0)
    let shared = try change(
      "mmap(NULL, 64K, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS, -1, 0)", "touch _ 32K")
    #expect(shared["nr_anon_pages"] == 0)
    #expect(shared["nr_file_pages"] == 8)
    #expect(shared["nr_shmem"] == 8)
    #expect(shared["nr_mapped"] == 8)
    #expect(shared["nr_dirty"] == 0)
  }
}
