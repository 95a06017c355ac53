import AddressSpaces
import KernelCore
import Machine
import MemoryTypes
import TestSupport
import Testing

/// What `execve` makes of a program. Maps, bounds, stack and auxiliary vector are those that Linux 6.18
/// on x86-64 gave programs with these headers, called as `./NAME x yy` with the environment `A=1 BC=22`,
/// address randomisation off.
struct ExecTests {
  typealias Header = ProgramFile.Header

  static let fixed = ProgramFile(
    isFixed: true, entry: 0x401560,
    headers: [
      Header(flags: 4, offset: 0, address: 0x400000, fileSize: 0x518, memorySize: 0x518),
      Header(flags: 5, offset: 0x1000, address: 0x401000, fileSize: 0x78161, memorySize: 0x78161),
      Header(flags: 4, offset: 0x7a000, address: 0x47a000, fileSize: 0x2714f, memorySize: 0x2714f),
      Header(flags: 6, offset: 0xa16d8, address: 0x4a26d8, fileSize: 0x5b98, memorySize: 0xb3c8),
      Header(kind: 0x6474_e551, flags: 6, offset: 0, address: 0, fileSize: 0, memorySize: 0),
    ])

  static let staticMovable = ProgramFile(
    entry: 0x9620,
    headers: [
      Header(flags: 4, offset: 0, address: 0, fileSize: 0x8020, memorySize: 0x8020),
      Header(flags: 5, offset: 0x9000, address: 0x9000, fileSize: 0x791a1, memorySize: 0x791a1),
      Header(flags: 4, offset: 0x83000, address: 0x83000, fileSize: 0x29417, memorySize: 0x29417),
      Header(flags: 6, offset: 0xac518, address: 0xad518, fileSize: 0x5d58, memorySize: 0xb528),
    ])

  static let movable = ProgramFile(
    entry: 0x10d0,
    headers: [
      Header(kind: 3, flags: 4, offset: 0x318, address: 0x318, fileSize: 0x1c, memorySize: 0x1c),
      Header(flags: 4, offset: 0, address: 0, fileSize: 0x860, memorySize: 0x860),
      Header(flags: 5, offset: 0x1000, address: 0x1000, fileSize: 0x3a1, memorySize: 0x3a1),
      Header(flags: 4, offset: 0x2000, address: 0x2000, fileSize: 0x190, memorySize: 0x190),
      Header(flags: 6, offset: 0x2dd0, address: 0x3dd0, fileSize: 0x288, memorySize: 0x2a0),
    ])

  static let interpreter = ProgramFile(
    entry: 0x1ca10,
    headers: [
      Header(flags: 4, offset: 0, address: 0, fileSize: 0xea8, memorySize: 0xea8),
      Header(flags: 5, offset: 0x1000, address: 0x1000, fileSize: 0x25585, memorySize: 0x25585),
      Header(flags: 4, offset: 0x27000, address: 0x27000, fileSize: 0x9b48, memorySize: 0x9b48),
      Header(flags: 6, offset: 0x319e0, address: 0x319e0, fileSize: 0x3618, memorySize: 0x3620),
    ])

  private func bytes(_ strings: [String]) -> [UInt8] { strings.flatMap { Array($0.utf8) + [0] } }

  private func makeFile(
    _ laboratory: Laboratory, _ program: ProgramFile, _ name: String
  ) throws -> Ref<MappedFile> {
    let file = try laboratory.makeFile(size: 0, name: name)
    let bytes = program.bytes
    try laboratory.kernel.services.write(bytes.span, to: file, at: 0)
    return file
  }

  private func execute(
    _ laboratory: Laboratory, _ task: Ref<Task>, _ program: Program, _ path: String,
    arguments: [String]? = nil, environment: [String] = ["A=1", "BC=22"]
  ) throws -> ProgramStart {
    var facts = ProcessFacts()
    facts.minimumSignalStack = 0xd30
    facts.hardwareCapabilities = 0x178b_fbff
    facts.hardwareCapabilities2 = 2
    facts.random = (0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908)
    let (path8, arguments8) = (Array(path.utf8), bytes(arguments ?? [path, "x", "yy"]))
    let environment8 = bytes(environment)
    return try laboratory.kernel.execve(
      task, program, path: path8.span, arguments: arguments8.span, environment: environment8.span,
      facts: facts)
  }

  private func word(_ laboratory: Laboratory, _ task: Ref<Task>, _ address: UInt) throws -> UInt {
    try (0..<8).reduce(0) { word, index in
      let physical = try laboratory.access(task, address + UInt(index), .read)
      let byte = unsafe laboratory.hardware.directMap.pointer(to: physical).load(as: UInt8.self)
      return word | UInt(byte) << UInt(8 * index)
    }
  }

  private func string(
    _ laboratory: Laboratory, _ task: Ref<Task>, _ address: UInt
  ) throws -> String {
    var bytes: [UInt8] = []
    while true {
      let physical = try laboratory.access(task, address + UInt(bytes.count), .read)
      let byte = unsafe laboratory.hardware.directMap.pointer(to: physical).load(as: UInt8.self)
      if byte == 0 { return String(decoding: bytes, as: UTF8.self) }
      bytes.append(byte)
    }
  }

  @Test("a fixed program: segments, bss, kernel mappings, stack, bounds and break")
  func fixedProgram() throws {
    let laboratory = try Laboratory()
    let task = try laboratory.kernel.spawn(id: 1)
    let file = try makeFile(laboratory, Self.fixed, "/tmp/p")
    let start = try execute(laboratory, task, Program(file: file), "./ax-static")
    #expect(
      laboratory.areas(task) == [
        "400000-401000 r--p 0 /tmp/p", "401000-47a000 r-xp 1000 /tmp/p",
        "47a000-4a2000 r--p 7a000 /tmp/p", "4a2000-4a9000 rw-p a1000 /tmp/p",
        "4a9000-4ae000 rw-p 0", "7ffff7ff7000-7ffff7ffb000 r--p 0 [vvar]",
        "7ffff7ffb000-7ffff7ffd000 r--p 0 [vvar_vclock]",
        "7ffff7ffd000-7ffff7fff000 r-xp 0 [vdso]", "7ffffffde000-7ffffffff000 rw-p 0 [stack]",
      ])
    #expect(start.entry == VirtualAddress(0x401560))
    #expect(start.stackPointer == VirtualAddress(0x7fff_ffff_ee00))
    let space = task.pointee.space
    let image = space.pointee.image
    #expect(image.code == VirtualRange(VirtualAddress(0x401000), VirtualAddress(0x479161)))
    #expect(image.data == VirtualRange(VirtualAddress(0x4a26d8), VirtualAddress(0x4a8270)))
    #expect(
      image.arguments
        == VirtualRange(VirtualAddress(0x7fff_ffff_efd1), VirtualAddress(0x7fff_ffff_efe2)))
    #expect(
      image.environment
        == VirtualRange(VirtualAddress(0x7fff_ffff_efe2), VirtualAddress(0x7fff_ffff_efec)))
    #expect(space.pointee.programBreak == VirtualAddress(0x4ae000))
    #expect(space.pointee.stackStart == VirtualAddress(0x7fff_ffff_ee00))
    space.pointee.checkInvariants()
    laboratory.kernel.exit(task)
    laboratory.kernel.services.release(file)
    laboratory.expectAsAtBoot()
  }

  @Test("the stack holds count, pointers and auxiliary vector, word for word")
  func stack() throws {
    let laboratory = try Laboratory()
    let task = try laboratory.kernel.spawn(id: 1)
    let file = try makeFile(laboratory, Self.fixed, "/tmp/p")
    let start = try execute(laboratory, task, Program(file: file), "./ax-static")
    let base = start.stackPointer.rawValue
    let words = try (0..<54).map { try word(laboratory, task, base + UInt($0) * 8) }
    #expect(
      words == [
        3, 0x7fff_ffff_efd1, 0x7fff_ffff_efdd, 0x7fff_ffff_efdf, 0, 0x7fff_ffff_efe2,
        0x7fff_ffff_efe6, 0, 33, 0x7fff_f7ff_d000, 51, 0xd30, 16, 0x178b_fbff, 6, 0x1000, 17, 100,
        3, 0x400040, 4, 56, 5, 5, 7, 0, 8, 0, 9, 0x401560, 11, 0, 12, 0, 13, 0, 14, 0, 23, 0, 25,
        0x7fff_ffff_efb9, 26, 2, 31, 0x7fff_ffff_efec, 15, 0x7fff_ffff_efc9, 27, 28, 28, 32, 0, 0,
      ])
    let texts = try [1, 2, 3, 5, 6, 45, 47].map { try string(laboratory, task, words[$0]) }
    #expect(texts == ["./ax-static", "x", "yy", "A=1", "BC=22", "./ax-static", "x86_64"])
    #expect(try word(laboratory, task, words[41]) == 0x0706_0504_0302_0100)
    #expect(try word(laboratory, task, 0x7fff_ffff_eff8) == 0)
    let saved = task.pointee.space.pointee.auxiliary
    #expect(saved.count == 46)
    #expect((0..<46).allSatisfy { saved.words[$0] == words[$0 + 8] })
    #expect(saved.value(of: .entry) == 0x401560)
  }

  @Test("file bytes come from the file, the rest of the last page and the bss are zeros")
  func contents() throws {
    let laboratory = try Laboratory()
    let task = try laboratory.kernel.spawn(id: 1)
    let file = try makeFile(laboratory, Self.fixed, "/tmp/p")
    _ = try execute(laboratory, task, Program(file: file), "p")
    let places: [(UInt, UInt)] = [
      (0x401008, 0x0f0e_0d0c_0b0a_0908), (0x4a8268, 0x7776_7574_7372_7170 &- 0x0808_0808_0808_0808),
      (0x4a8270, 0), (0x4a8ff8, 0), (0x4a9000, 0), (0x4adff8, 0),
    ]
    for (address, expected) in places {
      #expect(try word(laboratory, task, address) == expected, "\(String(address, radix: 16))")
    }
    #expect(throws: FaultError.accessDenied) { try laboratory.access(task, 0x401000, .write) }
  }

  @Test(
    "a movable program lies at two thirds, its interpreter and the kernel's pages below the base")
  func movableProgram() throws {
    let laboratory = try Laboratory()
    let task = try laboratory.kernel.spawn(id: 1)
    let file = try makeFile(laboratory, Self.movable, "/tmp/p")
    let interpreter = try makeFile(laboratory, Self.interpreter, "/lib/ld.so")
    let start = try execute(
      laboratory, task, Program(file: file, interpreter: interpreter), "./ax-pie")
    #expect(
      laboratory.areas(task) == [
        "555555554000-555555555000 r--p 0 /tmp/p", "555555555000-555555556000 r-xp 1000 /tmp/p",
        "555555556000-555555557000 r--p 2000 /tmp/p", "555555557000-555555559000 rw-p 2000 /tmp/p",
        "7ffff7fc2000-7ffff7fc6000 r--p 0 [vvar]",
        "7ffff7fc6000-7ffff7fc8000 r--p 0 [vvar_vclock]",
        "7ffff7fc8000-7ffff7fca000 r-xp 0 [vdso]", "7ffff7fca000-7ffff7fcb000 r--p 0 /lib/ld.so",
        "7ffff7fcb000-7ffff7ff1000 r-xp 1000 /lib/ld.so",
        "7ffff7ff1000-7ffff7ffb000 r--p 27000 /lib/ld.so",
        "7ffff7ffb000-7ffff7fff000 rw-p 31000 /lib/ld.so",
        "7ffffffde000-7ffffffff000 rw-p 0 [stack]",
      ])
    let space = task.pointee.space
    #expect(start.entry == VirtualAddress(0x7fff_f7fc_a000 + 0x1ca10))
    #expect(space.pointee.programBreak == VirtualAddress(0x5555_5555_9000))
    #expect(space.pointee.auxiliary.value(of: .programHeaders) == 0x5555_5555_4040)
    #expect(space.pointee.auxiliary.value(of: .interpreterBase) == 0x7fff_f7fc_a000)
    #expect(space.pointee.auxiliary.value(of: .entry) == 0x5555_5555_50d0)
    #expect(space.pointee.image.code.start == VirtualAddress(0x5555_5555_5000))
    #expect(space.pointee.image.data.end == VirtualAddress(0x5555_5555_8058))
    laboratory.kernel.exit(task)
    for file in [file, interpreter] { laboratory.kernel.services.release(file) }
    laboratory.expectAsAtBoot()
  }

  @Test("a movable program without interpreter lies among the mappings, its heap at two thirds")
  func staticMovableProgram() throws {
    let laboratory = try Laboratory()
    let task = try laboratory.kernel.spawn(id: 1)
    let file = try makeFile(laboratory, Self.staticMovable, "/tmp/p")
    let start = try execute(laboratory, task, Program(file: file), "./ax-spie")
    #expect(
      laboratory.areas(task) == [
        "7ffff7f3e000-7ffff7f42000 r--p 0 [vvar]",
        "7ffff7f42000-7ffff7f44000 r--p 0 [vvar_vclock]",
        "7ffff7f44000-7ffff7f46000 r-xp 0 [vdso]", "7ffff7f46000-7ffff7f4f000 r--p 0 /tmp/p",
        "7ffff7f4f000-7ffff7fc9000 r-xp 9000 /tmp/p", "7ffff7fc9000-7ffff7ff3000 r--p 83000 /tmp/p",
        "7ffff7ff3000-7ffff7ffa000 rw-p ac000 /tmp/p", "7ffff7ffa000-7ffff7fff000 rw-p 0",
        "7ffffffde000-7ffffffff000 rw-p 0 [stack]",
      ])
    #expect(start.entry == VirtualAddress(0x7fff_f7f4_f620))
    #expect(start.stackPointer == VirtualAddress(0x7fff_ffff_ee00))
    #expect(task.pointee.space.pointee.programBreak == VirtualAddress(0x5555_5555_5000))
    #expect(task.pointee.space.pointee.auxiliary.value(of: .programHeaders) == 0x7fff_f7f4_6040)
    let area = try #require(
      task.pointee.space.pointee.vmas.vma(at: VirtualAddress(0x7fff_f7ff_a000)))
    #expect(area.pointee.flags == [.dataDefault, .accounted])
  }

  @Test("i386 and arm64 programs have their own words, gaps and platform")
  func otherArchitectures() throws {
    let laboratory = try Laboratory(.i386)
    let task = try laboratory.kernel.spawn(id: 1)
    var program = Self.fixed
    program.machine = 3
    let file = try makeFile(laboratory, program, "/tmp/p")
    let start = try execute(laboratory, task, Program(file: file), "p")
    #expect(start.stackPointer.rawValue & 15 == 0)
    #expect(laboratory.areas(task).last == "bffdf000-c0000000 rw-p 0 [stack]")
    let platform = try #require(task.pointee.space.pointee.auxiliary.value(of: .platform))
    #expect(try string(laboratory, task, platform) == "i686")

    let other = try Laboratory(.arm64)
    let second = try other.kernel.spawn(id: 1)
    program.machine = 183
    let binary = try makeFile(other, program, "/tmp/p")
    _ = try execute(other, second, Program(file: binary), "p")
    #expect(
      other.areas(second).suffix(3) == [
        "fffff7ffd000-fffff7fff000 r--p 0 [vvar]", "fffff7fff000-fffff8000000 r-xp 0 [vdso]",
        "fffffffdf000-1000000000000 rw-p 0 [stack]",
      ])
  }

  @Test(
    "what is no program, lacks its interpreter, or brings too much text leaves the task as it was")
  func refusals() throws {
    let laboratory = try Laboratory()
    let task = try laboratory.kernel.spawn(id: 1)
    try laboratory.map(task, 0..<1)
    let good = try makeFile(laboratory, Self.fixed, "/tmp/p")
    let movable = try makeFile(laboratory, Self.movable, "/tmp/m")
    var foreign = Self.fixed
    foreign.machine = 183
    let other = try makeFile(laboratory, foreign, "/tmp/o")
    let empty = try laboratory.makeFile(size: 0, name: "/tmp/e")
    let refused: [(Program, [String], Errno)] = [
      (Program(file: empty), ["p"], .ENOEXEC), (Program(file: other), ["p"], .ENOEXEC),
      (Program(file: movable), ["p"], .ENOENT),
      (Program(file: movable, interpreter: other), ["p"], .ELIBBAD),
      (Program(file: good), [String(repeating: "a", count: 3 << 20)], .E2BIG),
    ]
    for (program, arguments, error) in refused {
      #expect(throws: error) {
        _ = try execute(laboratory, task, program, "p", arguments: arguments)
      }
      #expect(laboratory.areas(task) == ["40000000-40001000 rw-p 0"])
    }
  }

  @Test("no damage to a program's headers does more than refuse it")
  func damage() throws {
    try withSeed { random in
      let laboratory = try Laboratory()
      var bytes = Self.movable.bytes
      let interpreter = try makeFile(laboratory, Self.interpreter, "/lib/ld.so")
      for _ in 0..<300 {
        let place = random.next(in: 4..<344)
        let old = bytes[place]
        bytes[place] = UInt8(truncatingIfNeeded: random.next(in: 0..<256))
        let file = try laboratory.makeFile(size: 0, name: "/tmp/p")
        try laboratory.kernel.services.write(bytes.span, to: file, at: 0)
        let task = try laboratory.kernel.spawn(id: 1)
        _ = try? execute(laboratory, task, Program(file: file, interpreter: interpreter), "p")
        task.pointee.space.pointee.checkInvariants()
        laboratory.kernel.exit(task)
        laboratory.kernel.services.release(file)
        if random.chance(oneIn: 2) { bytes[place] = old }
      }
      laboratory.kernel.services.release(interpreter)
      laboratory.expectAsAtBoot()
    }
  }

  @Test("a program without arguments gets an empty one, a small stack limit a small stack")
  func corners() throws {
    var limits = ResourceLimits()
    limits.stack = ByteCount(64 << 10)
    let laboratory = try Laboratory(limits: limits)
    let task = try laboratory.kernel.spawn(id: 1)
    let file = try makeFile(laboratory, Self.fixed, "/tmp/p")
    let start = try execute(
      laboratory, task, Program(file: file), "p", arguments: [], environment: [])
    #expect(try word(laboratory, task, start.stackPointer.rawValue) == 1)
    let argument = try word(laboratory, task, start.stackPointer.rawValue + 8)
    #expect(try string(laboratory, task, argument) == "")
    #expect(laboratory.areas(task).last == "7ffffffef000-7ffffffff000 rw-p 0 [stack]")
  }
}

extension Laboratory {
  /// The lines of maps without device and inode, numbers as short as they go.
  func areas(_ task: Ref<Task>) -> [String] {
    maps(task).split(separator: "\n").map { line in
      let words = line.split(separator: " ")
      let offset = String(UInt64(words[2], radix: 16) ?? 0, radix: 16)
      let range = words[0].split(separator: "-").map {
        String(UInt64($0, radix: 16) ?? 0, radix: 16)
      }
      return
        ([range.joined(separator: "-"), String(words[1]), offset]
        + words.dropFirst(5).map(String.init))
        .joined(separator: " ")
    }
  }
}
