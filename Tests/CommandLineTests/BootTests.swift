import Foundation
import Testing

@Suite("replay of a boot's folder")
struct BootTests {
  @Test("an equal boot exits 0 and counts its figures in the last line")
  func equal() throws {
    try withBoot("x86_64-612/numa2-1G") { folder in
      let end = try CommandLine.run("replay", "--check", folder)
      #expect(end.status == 0, "\(end.errors)")
      let lines = end.output.split(separator: "\n")
      #expect(lines.last == "\(lines.count - 2) records, 0 differences, 0 not supported")
      #expect(lines.dropFirst().dropLast().allSatisfy { $0.hasSuffix(" equal") })
    }
  }

  @Test("a difference exits 1 with --check, and is marked")
  func different() throws {
    try withBoot("arm64-64k/3G") { folder in
      _ = try CommandLine.shell(
        "sed -i 's/min_free_kbytes = .*/min_free_kbytes = 7/' '\(folder)/sysctl_vm.txt'")
      let end = try CommandLine.run("replay", "--check", folder)
      #expect(end.status == 1)
      #expect(end.output.split(separator: "\n").count { $0.hasSuffix("DIFFERENT") } == 1)
      #expect(try CommandLine.run("replay", folder).status == 0)
    }
  }

  @Test(
    "a folder that lacks a text or has a broken one exits 65 with one line",
    arguments: [
      "rm $F/run.json", "rm $F/dmesg.txt", "rm $F/zoneinfo.txt", "echo '{' >$F/run.json",
      "sed -i 's/arm64-4k-va39/vax/' $F/run.json", "sed -i 's/MEMBLOCK/MEMBLACK/' $F/dmesg.txt",
      "sed -i 's/ align=0x/ align 0x/' $F/dmesg.txt",
      "sed -i 's/managed .*/managed/' $F/zoneinfo.txt",
      "sed -i 's/^ZONE 0/ZONE x/' $F/zonestruct.txt",
      "sed -i 's/pagesize = .*/pagesize = 1/' $F/sysctl_vm.txt",
    ])
  func broken(change: String) throws {
    try withBoot("arm64-4k-va39/512M") { folder in
      _ = try CommandLine.shell("F='\(folder)'; \(change)")
      let end = try CommandLine.run("replay", "--check", folder)
      #expect(end.status == 65, "\(change): \(end.errors)")
      #expect(end.errors.hasPrefix("octavo: \(folder)"))
      #expect(end.errors.split(separator: "\n").count == 1)
      #expect(end.output.isEmpty)
    }
  }

  @Test("compressed texts are read as they are")
  func compressed() throws {
    try withBoot("i386-pae-61/3G") { folder in
      _ = try CommandLine.shell("gzip '\(folder)'/*")
      #expect(try CommandLine.run("replay", "--check", folder).status == 0)
    }
  }
}

/// Unpacks one boot, named KERNEL/SIZE, for as long as `body` runs.
func withBoot(_ name: String, _ body: (String) throws -> Void) throws {
  try withTemporaryFolder { folder in
    let kernel = name.prefix { $0 != "/" }
    let archive = Fixture.path("physical/boot/\(kernel).tar.gz")
    let end = try CommandLine.shell("tar -xzf '\(archive)' -C '\(folder)' '\(name)'")
    try #require(end.status == 0, "\(end.errors)")
    try body("\(folder)/\(name)")
  }
}
