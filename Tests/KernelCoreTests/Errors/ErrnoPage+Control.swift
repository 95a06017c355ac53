import AddressSpaces
import KernelCore
import Machine
import MemoryTypes

/// `prctl`, as far as it is about memory; `ftruncate`, limits and `membarrier`.
extension ErrnoPage {
  static let prctl = ErrnoPage(
    name: "prctl(2), PR_SET_MM(2const), PR_SET_VMA(2const)", rows: boundRows + nameRows)

  private static let boundRows: [ErrnoRow] = [
    ErrnoRow(
      "prctl", "EACCES, EBADF, EBUSY", "PR_SET_MM_EXE_FILE",
      never: "not built: with the privilege it is EINVAL, as an unknown bound"),
    ErrnoRow("prctl", .EFAULT, "PR_SET_MM: a stack where nothing is mapped") {
      try $0.setBound(5, 0x7000_0000_0000)
    },
    ErrnoRow("prctl", .EINVAL, "an unknown option") { $0.call(.prctl, 9999) },
    ErrnoRow("prctl", .EINVAL, "PR_SET_MM: arguments that must be 0") {
      $0.call(.prctl, 35, 1, $0.at(0), 1)
    },
    ErrnoRow("prctl", .EINVAL, "PR_SET_MM: an unknown bound") { try $0.setBound(99, $0.at(0)) },
    ErrnoRow("prctl", .EINVAL, "PR_SET_MM: an address beyond TASK_SIZE") {
      try $0.setBound(1, 1 << 47)
    },
    ErrnoRow(
      "prctl", "EINVAL", "PR_SET_MM: code or data whose mapping does not allow it",
      never: "kernels do not look at the mapping any more"),
    ErrnoRow(
      "prctl", "EINVAL", "PR_SET_MM: a heap below the end of the data",
      never: "allowed since 5.15, for programs whose heap lies elsewhere"),
    ErrnoRow("prctl", .EINVAL, "PR_SET_MM: a heap beyond RLIMIT_DATA") {
      $0.limits.data = ByteCount(4096)
      return try $0.setBound(7, $0.at(8))
    },
    ErrnoRow("prctl", .EINVAL, "PR_SET_MM, not in the page: an end below its start") {
      try $0.setBound(2, 65536)
    },
    ErrnoRow("prctl", .EPERM, "PR_SET_MM without CAP_SYS_RESOURCE") {
      $0.call(.prctl, 35, 1, $0.at(0))
    },
    ErrnoRow(
      "prctl", "EINVAL", "PR_SET_THP_DISABLE, PR_GET_THP_DISABLE: arguments that must be 0",
      never: "not built: EINVAL whatever the arguments"),
  ]

  private static let nameRows: [ErrnoRow] = [
    ErrnoRow("prctl", .EINVAL, "PR_SET_VMA: an unknown attribute") {
      $0.call(.prctl, 0x5356_4d41, 1, $0.at(0), 4096)
    },
    ErrnoRow("prctl", .EINVAL, "PR_SET_VMA: an address inside a page") {
      $0.call(.prctl, 0x5356_4d41, 0, $0.at(0) + 1, 4096)
    },
    ErrnoRow("prctl", .EFAULT, "PR_SET_VMA, not in the page: a name that cannot be read") {
      $0.call(.prctl, 0x5356_4d41, 0, $0.at(0), 4096, $0.at(8))
    },
    ErrnoRow("prctl", .EINVAL, "PR_SET_VMA, not in the page: a name of 80 characters") {
      try $0.name($0.at(0), String(repeating: "x", count: 80))
    },
    ErrnoRow("prctl", .EINVAL, "PR_SET_VMA, not in the page: a character that is not allowed") {
      try $0.name($0.at(0), "a[b")
    },
    ErrnoRow("prctl", .EINVAL, "PR_SET_VMA, not in the page: a kernel without names") {
      $0.laboratory.kernel.services.pointee.features.remove(.areaNames)
      return try $0.name($0.at(0), "pool")
    },
    ErrnoRow("prctl", .EBADF, "PR_SET_VMA, not in the page: a mapping of a file") {
      try $0.name($0.map(1, .read, .private, file: $0.file()), "pool")
    },
    ErrnoRow("prctl", .ENOMEM, "PR_SET_VMA, not in the page: pages that are not mapped") {
      try $0.name($0.at(8), "pool")
    },
    ErrnoRow("prctl", .ENOMEM, "PR_SET_VMA, not in the page: no memory for the name") {
      try $0.store("pool", at: $0.at(10))
      $0.fail(.name)
      return $0.call(.prctl, 0x5356_4d41, 0, $0.at(0), 4096, $0.at(10))
    },
    ErrnoRow("prctl", .EAGAIN, "PR_SET_VMA, not in the page: more mappings than max_map_count") {
      $0.forbidMoreAreas()
      return try $0.name($0.at(2), "pool")
    },
  ]

  static let ftruncate = ErrnoPage(
    name: "ftruncate(2)",
    rows: [
      ErrnoRow(
        "ftruncate", "EACCES, EFAULT, EISDIR, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR, EROFS",
        "the path", never: "truncate alone has a path, and is not built"),
      ErrnoRow("ftruncate", .EFBIG, "more than the file system holds") {
        $0.call(.ftruncate, 3, 1 << 62, file: try $0.file())
      },
      ErrnoRow("ftruncate", "EINTR", "a signal while it waits", never: "nothing waits"),
      ErrnoRow("ftruncate", .EINVAL, "a negative length") {
        $0.call(.ftruncate, 3, UInt64(bitPattern: -1), file: try $0.file())
      },
      ErrnoRow(
        "ftruncate", .EINVAL, "more than the file system holds", but: .EFBIG,
        "the page leaves the choice"
      ) {
        $0.call(.ftruncate, 3, 1 << 62, file: try $0.file())
      },
      ErrnoRow("ftruncate", "EIO", "the disk fails", never: "disks do not fail"),
      ErrnoRow(
        "ftruncate", "EPERM", "a file system that cannot extend files",
        never: "those here can"),
      ErrnoRow("ftruncate", .EPERM, "a seal of the file") {
        $0.call(
          .ftruncate, 3, 0, file: try $0.file([.read, .write], .sharedMemory, seals: .shrink))
      },
      ErrnoRow(
        "ftruncate", "ETXTBSY", "a program that runs",
        never: "such a file cannot be open for writing"),
      ErrnoRow("ftruncate", .EBADF, "no open descriptor") { $0.call(.ftruncate, 3) },
      ErrnoRow("ftruncate", .EINVAL, "a descriptor not open for writing") {
        $0.call(.ftruncate, 3, 0, file: try $0.file(.read))
      },
      ErrnoRow("ftruncate", .EINVAL, "no regular file") {
        $0.call(.ftruncate, 3, 0, file: try $0.file([.read, .write], .unmappable))
      },
    ])

  static let getrlimit = ErrnoPage(
    name: "getrlimit(2)",
    rows: [
      ErrnoRow(
        "setrlimit", "EFAULT", "a pointer that cannot be read",
        never: "the limits stand in the registers here"),
      ErrnoRow("setrlimit", .EINVAL, "an unknown resource") { $0.call(.setrlimit, 16, 1, 1) },
      ErrnoRow("setrlimit", .EINVAL, "the soft limit above the hard one") {
        $0.call(.setrlimit, 9, 2, 1)
      },
      ErrnoRow("setrlimit", .EPERM, "the hard limit raised without privilege") {
        $0.call(.setrlimit, 9, 1 << 30, 1 << 30) == 0 ? $0.call(.setrlimit, 9, 1, .max) : 0
      },
      ErrnoRow(
        "setrlimit", "EPERM", "RLIMIT_NOFILE above nr_open",
        never: "of limits that memory does not depend on nothing is known"),
      ErrnoRow("prlimit", "EPERM, ESRCH", "another process", never: "prlimit is not built"),
    ])

  static let membarrier = ErrnoPage(
    name: "membarrier(2)",
    rows: [
      ErrnoRow("membarrier", "EINVAL", "an unknown command or flags", never: "ENOSYS comes first"),
      ErrnoRow("membarrier", .ENOSYS, "a kernel without the call") { $0.call(.membarrier, 1) },
      ErrnoRow("membarrier", "EPERM", "not registered before", never: "ENOSYS comes first"),
    ])
}

extension ErrnoTrial {
  /// `PR_SET_MM` with the privilege for it.
  fileprivate func setBound(_ bound: UInt64, _ address: UInt64) throws -> Int64 {
    limits.privileges = .resources
    let start = VirtualAddress(UInt(at(0)))
    task.pointee.space.pointee.setHeap(start: start, programBreak: start)
    var image = ImageBounds()
    for part in [\ImageBounds.code, \.data, \.arguments, \.environment] {
      image[keyPath: part] = VirtualRange(start, count: ByteCount(1))
    }
    task.pointee.space.pointee.image = image
    task.pointee.space.pointee.setStackStart(start)
    return call(.prctl, 35, bound, address)
  }

  /// Names a page, with the name at page 10.
  fileprivate func name(_ address: UInt64, _ text: String) throws -> Int64 {
    try store(text, at: at(10))
    return call(.prctl, 0x5356_4d41, 0, address, Self.page, at(10))
  }
}
