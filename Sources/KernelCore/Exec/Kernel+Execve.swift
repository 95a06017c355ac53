internal import AddressSpaces
internal import Machine
public import MemoryTypes

/// A program takes the place of another.
///
/// ```
///   0   program, bss, heap ->   …   <- interpreter, [vvar], [vdso]  | gap |  [stack]: words, strings
/// ```
/// A fixed program lies at its own addresses. A movable one with an interpreter begins at two thirds of
/// the address space; without one it lies where mappings do, and its heap at the two thirds instead.
extension Kernel {
  /// Gives the task a new address space with the program in it.
  ///
  /// - Parameters:
  ///   - path: What `AT_EXECFN` shows, without the zero at its end.
  ///   - arguments: Strings, each with a zero at its end; none counts as one empty string.
  ///   - environment: Likewise.
  /// - Returns: Where it begins, and with which stack pointer.
  /// - Throws: `ENOEXEC`, `ENOENT` without the interpreter, `ELIBBAD` for a bad one, `E2BIG` and `ENOMEM`:
  ///   the task is as before. Errors of the mappings come after the point of no return: the task must
  ///   be ended then.
  ///
  /// Linux: `load_elf_binary()`, fs/binfmt_elf.c; `begin_new_exec()`, fs/exec.c.
  public mutating func execve(
    _ task: Ref<Task>, _ program: Program, path: borrowing Span<UInt8>,
    arguments: borrowing Span<UInt8>, environment: borrowing Span<UInt8>,
    facts: ProcessFacts = ProcessFacts()
  ) throws(Errno) -> ProgramStart {
    let image = try ELFImage(services, program.file, settings.layout.architecture)
    let interpreter = try interpreterImage(of: image, program)
    let strings = StackStrings(
      path: path, arguments: arguments, environment: environment,
      top: settings.layout.stackTop, wordSize: image.is64Bit ? 8 : 4)
    guard strings.fit(task.pointee.space.pointee.limits.stack, settings.layout.pageSize) else {
      throw .E2BIG
    }
    let hasExecutableStack = try wantsExecutableStack(image)

    try exec(task)
    let space = task.pointee.space
    try addStack(space, strings, isExecutable: hasExecutableStack)
    try write(strings, path: path, arguments: arguments, environment: environment, in: space)
    return try load(image, interpreter, strings, facts, in: space)
  }

  /// Maps the program, its interpreter and the kernel's own pages, and writes what stands below the strings.
  private mutating func load(
    _ image: ELFImage, _ interpreter: ELFImage?, _ strings: StackStrings, _ facts: ProcessFacts,
    in space: Ref<AddressSpace>
  ) throws(Errno) -> ProgramStart {
    let loaded = try load(image, hasInterpreter: interpreter != nil, into: space)
    let base = try interpreter.map { image throws(Errno) in
      try loadInterpreter(image, into: space)
    }
    let object = try inSpace(space) { space throws(MapError) in
      try space.addKernelObject(.standard(space.layout.architecture))
    }
    space.pointee.image = loaded.bounds(strings)
    let heap = loaded.heap(settings.layout, isStaticMovable: !image.isFixed && interpreter == nil)
    space.pointee.setHeap(start: heap, programBreak: heap)
    let stackPointer = try writeTables(
      StackTables(
        image: image, loaded: loaded, interpreterBase: base ?? 0, kernelObject: object,
        facts: facts, strings: strings), in: space)
    let entry = (base ?? loaded.bias) &+ (interpreter ?? image).entry
    return ProgramStart(entry: VirtualAddress(entry), stackPointer: stackPointer)
  }

  /// Linux: the `PT_GNU_STACK` case of `load_elf_binary()`.
  private func wantsExecutableStack(_ image: ELFImage) throws(Errno) -> Bool {
    var isExecutable = false
    try image.forEachSegment(ELFSegment.stack) { segment throws(Errno) in
      isExecutable = segment.isExecutable
    }
    return isExecutable
  }

  /// The interpreter that the program asks for, opened by the caller.
  private func interpreterImage(
    of image: ELFImage, _ program: Program
  ) throws(Errno) -> ELFImage? {
    var isNeeded = false
    try image.forEachSegment(ELFSegment.interpreter) { segment throws(Errno) in
      guard segment.fileSize >= 2, segment.fileSize <= 4096 else { throw .ENOEXEC }
      isNeeded = true
    }
    guard isNeeded else { return nil }
    guard let file = program.interpreter else { throw .ENOENT }
    do throws(Errno) {
      return try ELFImage(services, file, settings.layout.architecture)
    } catch { throw .ELIBBAD }
  }

  private mutating func addStack(
    _ space: Ref<AddressSpace>, _ strings: StackStrings, isExecutable: Bool
  ) throws(Errno) {
    let lowest = settings.layout.pageSize.roundDown(strings.start)
    try inSpace(space) { space throws(MapError) in
      try space.addStack(from: lowest, isExecutable: isExecutable)
    }
  }
}
