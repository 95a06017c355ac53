import TestSupport
import Testing

@testable import Recordings

@Suite("ELF files and the images of exec")
struct ElfTests {
  /// A little file of 64 bits: header, program headers, then `content`.
  static func file(
    kind: UInt16 = 2, machine: UInt16 = 62, headers: [[UInt64]], content: [UInt8] = []
  ) -> [UInt8] {
    var bytes: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1] + [UInt8](repeating: 0, count: 9)
    func append(_ value: UInt64, _ count: Int) {
      for index in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * index))) }
    }
    append(UInt64(kind), 2)
    append(UInt64(machine), 2)
    append(1, 4)
    append(0x401000, 8)
    append(64, 8)
    append(0, 8)
    append(0, 4)
    for value: UInt64 in [64, 56, UInt64(headers.count), 0, 0, 0] { append(value, 2) }
    for header in headers {
      append(header[0], 4)
      append(header[1], 4)
      for value in [header[2], header[3], header[3], header[4], header[5], 0x1000] {
        append(value, 8)
      }
    }
    return bytes + content
  }

  /// type, flags, offset, address, file size, memory size
  static let text: [UInt64] = [1, 5, 0, 0x400000, 0x100, 0x100]
  static let data: [UInt64] = [1, 6, 0x1100, 0x402100, 0x10, 0x2000]

  private func program(_ headers: [[UInt64]], kind: UInt16 = 2) throws -> ELFFile {
    let content = [UInt8](repeating: 0, count: 0x2000)
    return try ELFFile(name: "/x", bytes: Self.file(kind: kind, headers: headers, content: content))
  }

  private var environment: ExecEnvironment {
    var environment = ExecEnvironment()
    environment.kernelMappings = [
      MapLine(start: 0, end: 0x4000, permissions: .read, offset: 0, path: "[vvar]"),
      MapLine(
        start: 0x10000, end: 0x12000, permissions: [.read, .execute], offset: 0, path: "[vdso]"),
    ]
    return environment
  }

  @Test("a fixed program lies at its own addresses, with anonymous pages behind its data")
  func fixedProgram() throws {
    let program = try program([Self.text, Self.data, [0x6474_e551, 6, 0, 0, 0, 0]])
    let image = try #require(ExecImage.built(from: program, interpreter: nil, in: environment))
    #expect(
      image.mappings == [
        MapLine(
          start: 0x400000, end: 0x401000, permissions: [.read, .execute], offset: 0, path: "/x"),
        MapLine(
          start: 0x402000, end: 0x403000, permissions: [.read, .write], offset: 0x1000, path: "/x"),
        MapLine(start: 0x403000, end: 0x405000, permissions: [.read, .write], offset: 0, path: ""),
        MapLine(
          start: 0x7fff_f7ff_9000, end: 0x7fff_f7ff_d000, permissions: .read, offset: 0,
          path: "[vvar]"),
        MapLine(
          start: 0x7fff_f7ff_d000, end: 0x7fff_f7ff_f000, permissions: [.read, .execute], offset: 0,
          path: "[vdso]"),
        MapLine(
          start: 0x7fff_fffd_e000, end: 0x7fff_ffff_f000, permissions: [.read, .write], offset: 0,
          path: "[stack]"),
      ])
    #expect(image.programBreak == 0x405000 && image.origin == .elf)
  }

  @Test(
    "a movable program without an interpreter, another machine, a missing interpreter: no image")
  func noImage() throws {
    let movable = try program([Self.text], kind: 3)
    #expect(ExecImage.built(from: movable, interpreter: nil, in: environment) == nil)
    let arm = try ELFFile(
      name: "/x", bytes: Self.file(machine: 183, headers: [[1, 5, 0, 0, 0x40, 0x40]]))
    #expect(ExecImage.built(from: arm, interpreter: nil, in: environment) == nil)
    var linked = try program([Self.text])
    linked.interpreter = "/lib/ld.so"
    #expect(ExecImage.built(from: linked, interpreter: nil, in: environment) == nil)
  }

  @Test("files of 32 bits are read too")
  func file32() throws {
    var bytes: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 1, 1, 1] + [UInt8](repeating: 0, count: 9)
    func append(_ values: [UInt32], _ count: Int) {
      for value in values {
        for index in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * index))) }
      }
    }
    append([2, 3], 2)
    append([1, 0x8048000, 52, 0, 0], 4)
    append([52, 32, 1, 0, 0, 0], 2)
    append([1, 0, 0x8048000, 0x8048000, 84, 0x200, 5, 0x1000], 4)
    let file = try ELFFile(name: "x", bytes: bytes)
    #expect(file.is64Bit == false && file.machine == 3 && file.kind == .fixed)
    #expect(
      file.segments == [
        .init(
          offset: 0, address: 0x8048000, fileSize: 84, memorySize: 0x200,
          permissions: [.read, .execute], alignment: 0x1000)
      ])
  }

  @Test(
    "headers that lie are defects",
    arguments: [
      [], [[6, 4, 0, 0, 0, 0]],
      [[1, 5, 0, 0x400000, 0x100000, 0x100000]],
      [[1, 5, 0, 0x400000, 0x200, 0x100]],
      [[1, 5, 0, .max - 0xfff, 0x10, 0x2000]],
      [[1, 5, .max - 0xfff, 0x1000, 0x2000, 0x2000]],
      [[1, 5, 0, 1 << 47, 0x10, 0x10]],
      [[1, 5, 0x10, 0x400000, 0x10, 0x10]],
      [text, text], [data, text],
      [text, [3, 4, 0x40, 0, 0, 0]], [text, [3, 4, 0x40, 0, 5000, 5000]],
      [text, [3, 4, .max, 0, 16, 16]], [text, [3, 4, 1, 0, 3, 3]],
    ] as [[[UInt64]]])
  func lyingHeaders(headers: [[UInt64]]) {
    #expect(throws: BadInput.self) { try program(headers) }
  }

  @Test("a file cut anywhere and one with random damage never crash")
  func damage() throws {
    let whole = Self.file(
      headers: [Self.text, Self.data, [3, 4, 0x200, 0, 16, 16]],
      content: [UInt8](repeating: 47, count: 0x2000))
    for length in stride(from: 0, to: 300, by: 1) {
      #expect(throws: BadInput.self) { try ELFFile(name: "x", bytes: Array(whole[..<length])) }
    }
    withSeed { random in
      for _ in 0..<3000 {
        var bytes = whole
        for _ in 0..<Int.random(in: 1...4, using: &random) {
          bytes[Int.random(in: 0..<240, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        if let file = try? ELFFile(name: "x", bytes: bytes) {
          _ = ExecImage.built(from: file, interpreter: nil, in: environment)
          _ = ExecImage.built(from: file, interpreter: file, in: environment)
        }
      }
    }
  }

  @Test(
    "images built from a folder's program headers equal the kernel's own maps",
    arguments: Fixtures.recordings)
  func builtEqualsRecorded(folder: String) throws {
    let facts = try FolderFacts(folder: folder)
    let reader = try FolderReader(folder: folder, stream: .maps)
    while let event = try reader.next() {
      guard case .exec(let recorded) = event.body else { continue }
      // The kernel's own mappings of the recorded machine, whatever machine this is.
      let images = FactImages(facts: facts, environment: .init(of: recorded))
      let built = try #require(images.image(path: recorded.path, family: "0", index: 1))
      #expect(built.programBreak == recorded.programBreak, "\(recorded.path)")
      #expect(withoutStack(built) == withoutStack(recorded), "\(recorded.path)")
    }
  }

  /// The stack's size depends on arguments that no file tells.
  private func withoutStack(_ image: ExecImage) -> [MapLine] {
    image.mappings.filter { $0.path != "[stack]" }
  }

  #if os(Linux) && arch(x86_64)
    @Test("programs of this machine give images, scripts those of their interpreters")
    func localPrograms() throws {
      let programs = LocalPrograms()
      let image = try #require(programs.image(path: "/bin/sh", family: "0", index: 1))
      #expect(image.programBreak != nil && image.origin == .elf)
      #expect(image.mappings.contains { $0.path == "[vdso]" })
      #expect(programs.image(path: "/etc/passwd", family: "0", index: 1) == nil)
      #expect(programs.image(path: "/nonexistent", family: "0", index: 1) == nil)
    }
  #endif
}

extension ExecEnvironment {
  /// The environment in which an image was recorded.
  fileprivate init(of image: ExecImage) {
    self.init()
    for line in image.mappings where line.path.hasPrefix("[v") {
      if line.path == "[vsyscall]" { vsyscall = line } else { kernelMappings.append(line) }
    }
  }
}
