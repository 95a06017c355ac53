import AddressSpaces
import KernelCore
import Machine
import MemoryTypes

/// Calls that make processes and programs. They are not in the table: what they get is no memory's
/// business, and they are handed it ready.
extension ErrnoPage {
  static let fork = ErrnoPage(
    name: "fork(2), vfork(2)",
    rows: [
      ErrnoRow("fork", "EAGAIN", "a limit on the number of tasks", never: Self.uncounted),
      ErrnoRow("fork", "EAGAIN", "SCHED_DEADLINE", never: "there is one class of tasks"),
      ErrnoRow("fork", .ENOMEM, "no memory for the kernel's own structures") { trial in
        trial.fail(.space)
        return trial.raw { () throws(Errno) in
          _ = try trial.laboratory.kernel.fork(trial.task, id: 2, sharesMemory: false)
        }
      },
      ErrnoRow("fork", .ENOMEM, "no memory for a copy of the mappings") { trial in
        trial.fail(.area)
        return trial.raw { () throws(Errno) in
          _ = try trial.laboratory.kernel.fork(trial.task, id: 2, sharesMemory: false)
        }
      },
      ErrnoRow(
        "fork", "ENOMEM", "a PID namespace whose init has ended", never: "there is one namespace"),
      ErrnoRow("fork", "ENOSYS", "a machine without an MMU", never: "each here has one"),
      ErrnoRow(
        "fork", "ERESTARTNOINTR", "a signal, seen in a trace only", never: "nothing interrupts"),
      ErrnoRow("vfork", .ENOMEM, "no memory for the kernel's own structures") { trial in
        trial.fail(.node)
        return trial.raw { () throws(Errno) in
          _ = try trial.laboratory.kernel.vfork(trial.task, id: 1 << 20)
        }
      },
    ])

  private static let uncounted = "tasks are not counted against a limit"

  static let clone = ErrnoPage(
    name: "clone(2)",
    rows: [
      ErrnoRow("clone", "EAGAIN", "too many tasks", never: Self.uncounted),
      ErrnoRow(
        "clone", "EACCES, EBUSY, EEXIST, EOPNOTSUPP", "clone3 and control groups", never: Self.flags
      ),
      ErrnoRow("clone", "EINVAL", "flags that do not go together", never: Self.flags),
      ErrnoRow("clone", .ENOMEM, "CLONE_VM: no memory for the task") { trial in
        trial.fail(.node)
        return trial.raw { () throws(Errno) in
          _ = try trial.laboratory.kernel.fork(trial.task, id: 1 << 20, sharesMemory: true)
        }
      },
      ErrnoRow("clone", "ENOSPC, EPERM, EUSERS", "namespaces", never: Self.flags),
      ErrnoRow(
        "clone", "ERESTARTNOINTR", "a signal, seen in a trace only", never: "nothing interrupts"),
    ])

  private static let flags = "of the flags CLONE_VM alone counts, and is told apart"

  static let execve = ErrnoPage(
    name: "execve(2)",
    rows: [
      ErrnoRow("execve", .E2BIG, "arguments and environment are too large") {
        try $0.execute(
          .fixed, arguments: Array(repeating: String(repeating: "a", count: 99_999), count: 30))
      },
      ErrnoRow("execve", .E2BIG, "one string is longer than 32 pages") {
        try $0.execute(.fixed, arguments: [String(repeating: "a", count: 32 * 4096)])
      },
      ErrnoRow(
        "execve", "EACCES, EIO, EISDIR, ELOOP, EMFILE, ENAMETOOLONG, ENFILE, ENOTDIR, ETXTBSY",
        "the path and the file", never: Self.opened),
      ErrnoRow("execve", "EPERM", "set-user-ID programs", never: Self.opened),
      ErrnoRow("execve", "EAGAIN", "RLIMIT_NPROC after a change of user", never: Self.uncounted),
      ErrnoRow(
        "execve", "EFAULT", "a pointer that cannot be read",
        never: "the strings come as they are, not by pointer"),
      ErrnoRow(
        "execve", "EINVAL", "more than one interpreter", never: "the first one counts (6.18)"),
      ErrnoRow("execve", .ELIBBAD, "an interpreter that is no program") {
        try $0.execute(.movable, interpreter: .empty)
      },
      ErrnoRow("execve", .ENOENT, "no such interpreter") { try $0.execute(.movable) },
      ErrnoRow("execve", .ENOEXEC, "no known format") { try $0.execute(.empty) },
      ErrnoRow("execve", .ENOEXEC, "another architecture") { try $0.execute(.foreign) },
      ErrnoRow("execve", .ENOMEM, "not enough memory") {
        $0.fail(.space)
        return try $0.execute(.fixed)
      },
    ])

  private static let opened = "the files come opened: paths and rights are not memory's business"
}

extension ErrnoTrial {
  fileprivate enum Image { case fixed, movable, foreign, empty }

  private func file(_ image: Image) throws -> Ref<MappedFile> {
    guard case .file(let file, _, _) = try file() else { preconditionFailure() }
    var program = image == .movable ? ExecTests.movable : ExecTests.fixed
    if image == .foreign { program.machine = 183 }
    let bytes = image == .empty ? [0] : program.bytes
    try laboratory.kernel.services.write(bytes.span, to: file, at: 0)
    return file
  }

  fileprivate func execute(
    _ image: Image, interpreter: Image? = nil, arguments: [String] = ["p"]
  ) throws -> Int64 {
    let program = Program(file: try file(image), interpreter: try interpreter.map(file))
    let (path, strings): ([UInt8], [UInt8]) = (
      Array("p".utf8), arguments.flatMap { Array($0.utf8) + [0] }
    )
    return raw { () throws(Errno) in
      _ = try laboratory.kernel.execve(
        task, program, path: path.span, arguments: strings.span, environment: [UInt8]().span)
    }
  }
}
