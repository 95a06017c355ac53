/// What of a machine and its limits decides where an x86-64 program lies, ASLR off.
public struct ExecEnvironment: Hashable, Sendable {
  /// The highest address of user space, exclusive. Linux: `TASK_SIZE`.
  public var taskSize: UInt64 = 0x7fff_ffff_f000
  /// Linux: `RLIMIT_STACK` in bytes; up to 127 MiB it does not move anything.
  public var stackLimit: UInt64 = 8 << 20
  /// The size of the first [stack]: 128 KiB and the pages of arguments and environment.
  public var stackSize: UInt64 = 0x21000
  /// `[vvar]`, `[vdso]` and their like, lowest first: only names, sizes and permissions count.
  public var kernelMappings: [MapLine] = []
  /// `[vsyscall]` where the kernel shows one.
  public var vsyscall: MapLine?

  public init() {}

  /// Where the first mapping without a hint ends. Linux: `mmap_base()`, arch/x86/mm/mmap.c.
  var mmapBase: UInt64 {
    let gap = min(max(stackLimit, 128 << 20), taskSize / 6 * 5)
    return (taskSize - gap) & ~0xfff
  }
}

extension ExecImage {
  /// The mappings of an x86-64 program as `execve` makes them with address randomisation off.
  ///
  /// A fixed program lies at its own addresses, a movable one from two thirds of the address space
  /// up; its interpreter ends at the mmap base, the kernel's own mappings lie below that, the stack
  /// at the top. What is in the file is mapped by pages; what is beyond (bss) is anonymous.
  ///
  /// - Parameter interpreter: The program's `PT_INTERP`; nil where it has none.
  /// - Returns: An image of origin `.elf`, its `files` all nil (the reader numbers them); nil for
  ///   what these rules do not cover: another architecture, a movable program without interpreter,
  ///   a missing interpreter, segments that run into each other.
  ///
  /// Linux: `load_elf_binary()`, fs/binfmt_elf.c.
  public static func built(
    from program: ELFFile, interpreter: ELFFile?, in environment: ExecEnvironment
  ) -> ExecImage? {
    guard program.machine == 62, program.is64Bit else { return nil }
    guard (program.interpreter == nil) == (interpreter == nil) else { return nil }
    guard program.kind == .fixed || interpreter != nil else { return nil }
    let bias = program.kind == .fixed ? 0 : movableBase(program, environment)
    var mappings = program.mappings(at: bias)
    let breakStart = mappings.last?.end
    var top = environment.mmapBase
    if let interpreter {
      guard interpreter.machine == 62, interpreter.kind == .movable,
        let first = interpreter.segments.first, let last = interpreter.segments.last,
        last.end < environment.mmapBase
      else { return nil }
      top -= pageUp(last.end) - pageDown(first.address)
      mappings += interpreter.mappings(at: top &- pageDown(first.address))
    }
    for line in environment.kernelMappings.reversed() {
      top -= min(top, line.end - line.start)
      mappings.append(line.moved(to: top))
    }
    mappings.append(stack(program, environment))
    if let vsyscall = environment.vsyscall { mappings.append(vsyscall) }
    mappings.sort { $0.start < $1.start }
    for (lower, upper) in zip(mappings, mappings.dropFirst()) where lower.end > upper.start {
      return nil
    }
    return ExecImage(
      path: program.path, mappings: mappings, files: mappings.map { _ in nil },
      programBreak: breakStart, origin: .elf)
  }

  /// Two thirds of the address space, aligned as the segments ask for. Linux: `ELF_ET_DYN_BASE`.
  private static func movableBase(_ program: ELFFile, _ environment: ExecEnvironment) -> UInt64 {
    let alignment = program.segments.map(\.alignment).max() ?? 0
    let base = environment.taskSize / 3 * 2 & ~(max(alignment, 0x1000) - 1)
    return base &- pageDown(program.segments.first?.address ?? 0)
  }

  private static func stack(_ program: ELFFile, _ environment: ExecEnvironment) -> MapLine {
    let permissions: MapPermissions =
      program.hasExecutableStack ? [.read, .write, .execute] : [.read, .write]
    return MapLine(
      start: environment.taskSize - environment.stackSize, end: environment.taskSize,
      permissions: permissions, offset: 0, path: "[stack]")
  }
}

extension ELFFile {
  /// The maps lines of the segments, moved by `bias`. Linux: `elf_load()`.
  func mappings(at bias: UInt64) -> [MapLine] {
    var lines: [MapLine] = []
    for segment in segments {
      let start = pageDown(segment.address)
      let fileEnd = segment.fileSize > 0 ? pageUp(segment.fileEnd) : start
      if fileEnd > start {
        lines.append(
          MapLine(
            start: start &+ bias, end: fileEnd &+ bias, permissions: segment.permissions,
            offset: pageDown(segment.offset), path: path))
      }
      if pageUp(segment.end) > fileEnd {
        lines.append(
          MapLine(
            start: fileEnd &+ bias, end: pageUp(segment.end) &+ bias,
            permissions: segment.permissions, offset: 0, path: ""))
      }
    }
    return lines
  }
}

extension MapLine {
  fileprivate func moved(to start: UInt64) -> MapLine {
    MapLine(
      start: start, end: start + (end - self.start), permissions: permissions, offset: offset,
      path: path)
  }
}

private func pageDown(_ address: UInt64) -> UInt64 { address & ~0xfff }

/// Segments end below 2^47, so this cannot wrap.
private func pageUp(_ address: UInt64) -> UInt64 { (address + 0xfff) & ~0xfff }
