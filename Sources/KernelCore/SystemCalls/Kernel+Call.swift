internal import AddressSpaces
public import MemoryTypes

/// The table of system calls: the one way in for a program, a replay and the shell.
extension Kernel {
  /// Performs a call by its name and registers.
  ///
  /// - Returns: What the program finds in its register: an address, a count or 0, or the negated error
  ///   number.
  ///
  /// Linux: `sys_call_table`; `do_syscall_64()`, arch/x86/entry/syscall_64.c; `invoke_syscall()`,
  /// arch/arm64/kernel/syscall.c.
  public mutating func call(
    _ call: SystemCall, _ arguments: CallArguments, by task: Ref<Task>
  ) -> Int64 {
    do throws(Errno) {
      return Int64(bitPattern: UInt64(try answer(call, arguments, task)))
    } catch {
      return -Int64(error.rawValue)
    }
  }

  /// Calls that answer with an address or a count; the others with 0.
  private mutating func answer(
    _ call: SystemCall, _ words: CallArguments, _ task: Ref<Task>
  ) throws(Errno) -> UInt {
    switch call {
    case .brk: return brk(task, words[0])
    case .mmap:
      return try mmap(
        task, address: words[0], length: words[1], protection: words[2], flags: words[3],
        file: words.file, offset: words.a5)
    case .mremap:
      return try mremap(
        task, address: words[0], oldLength: words[1], newLength: words[2], flags: words[3],
        newAddress: words[4])
    case .processMadvise:
      return try processMadvise(
        task, target: words.process, vector: words[1], count: words[2], advice: words[3],
        flags: words[4])
    case .pkeyAlloc: return try pkeyAlloc(task, flags: words[0], rights: words[1])
    case .membarrier: return try membarrier(command: words[0], flags: words[1])
    default:
      try change(call, words, task)
      return 0
    }
  }

  /// Calls that change mappings and what they show.
  private mutating func change(
    _ call: SystemCall, _ words: CallArguments, _ task: Ref<Task>
  ) throws(Errno) {
    let (first, second, third) = (words[0], words[1], words[2])
    switch call {
    case .munmap: try munmap(task, address: first, length: second)
    case .mprotect: try mprotect(task, address: first, length: second, protection: third)
    case .pkeyMprotect:
      try pkeyMprotect(task, address: first, length: second, protection: third, key: words[3])
    case .pkeyFree: try pkeyFree(task, key: first)
    case .remapFilePages:
      try remapFilePages(
        task, address: first, length: second, protection: third, page: words[3], flags: words[4])
    case .mseal: try mseal(task, address: first, length: second, flags: third)
    case .ftruncate: try ftruncate(words.file, length: Int64(bitPattern: words.a1))
    case .prctl: try prctl(task, words)
    case .setrlimit: try setrlimit(task, resource: first, current: second, highest: third)
    default: try advise(call, words, task)
    }
  }

  /// Calls about the pages of a range: whether they are there, stay there, and are written back.
  private mutating func advise(
    _ call: SystemCall, _ words: CallArguments, _ task: Ref<Task>
  ) throws(Errno) {
    let (first, second, third) = (words[0], words[1], words[2])
    switch call {
    case .madvise: try madvise(task, address: first, length: second, advice: third)
    case .msync: try msync(task, address: first, length: second, flags: third)
    case .mincore: try mincore(task, address: first, length: second, vector: third) { _ in }
    case .mlock: try mlock(task, address: first, length: second)
    case .mlock2: try mlock2(task, address: first, length: second, flags: third)
    case .munlock: try munlock(task, address: first, length: second)
    case .mlockall: try mlockall(task, flags: first)
    case .munlockall: try munlockall(task)
    default: throw .ENOSYS
    }
  }
}
