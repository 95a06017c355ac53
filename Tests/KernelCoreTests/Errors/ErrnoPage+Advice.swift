import AddressSpaces
import KernelCore
import Machine
import MemoryTypes

/// `madvise` and `process_madvise`.
extension ErrnoPage {
  static let madvise = ErrnoPage(
    name: "madvise(2)", rows: adviceFailures + adviceUnfit + adviceRest)

  private static let adviceFailures: [ErrnoRow] = [
    ErrnoRow("madvise", .EACCES, "MADV_REMOVE of memory that is not shared and writable") {
      $0.madvise(try $0.map(1, .read, .private, file: $0.file()), .remove)
    },
    ErrnoRow("madvise", .EAGAIN, "a resource is short: mappings at max_map_count") {
      $0.forbidMoreAreas()
      return $0.madvise($0.at(2), .dontFork)
    },
    ErrnoRow("madvise", .EAGAIN, "a resource is short: the kernel's own structure") {
      $0.fail(.area)
      return $0.madvise($0.at(2), .dontFork)
    },
    ErrnoRow(
      "madvise", "EBADF", "a mapping of something that is no file",
      never: "only MADV_WILLNEED of a kernel built without swap"),
    ErrnoRow(
      "madvise", "EBUSY", "MADV_COLLAPSE: the limit of the control group",
      never: "no control groups yet"),
    ErrnoRow(
      "madvise", "EBUSY", "MADV_SOFT_OFFLINE: a page could not be taken off",
      never: "pages are not taken off: an administrator gets EOPNOTSUPP"),
    ErrnoRow("madvise", .EFAULT, "MADV_POPULATE_READ where an access would be SIGBUS") {
      $0.madvise(try $0.map(3, .read, .private, file: $0.file()), .populateRead, pages: 3)
    },
    ErrnoRow("madvise", .EFAULT, "not in the page: MADV_POPULATE_WRITE of a guard") {
      $0.madvise($0.at(2), .guardInstall) == 0 ? $0.madvise($0.at(2), .populateWrite) : 0
    },
    ErrnoRow("madvise", .EINVAL, "an address inside a page") {
      $0.call(.madvise, $0.at(0) + 1, 4096, 1)
    },
    ErrnoRow("madvise", .EINVAL, "a negative length") {
      $0.call(.madvise, $0.at(0), UInt64(bitPattern: -1), 1)
    },
    ErrnoRow("madvise", .EINVAL, "an unknown advice") { $0.call(.madvise, $0.at(0), 4096, 77) },
  ]

  private static let adviceUnfit: [ErrnoRow] = [
    ErrnoRow("madvise", .EINVAL, "MADV_COLD of locked memory") {
      try $0.lock($0.at(0))
      return $0.madvise($0.at(0), .cold)
    },
    ErrnoRow("madvise", .EINVAL, "MADV_PAGEOUT of huge pages") {
      $0.madvise(try $0.mapHuge(), .pageOut)
    },
    ErrnoRow("madvise", .EINVAL, "MADV_COLD of frames without descriptors") {
      $0.madvise(try $0.kernelPages(), .cold)
    },
    ErrnoRow("madvise", .EINVAL, "MADV_DONTNEED of locked memory") {
      try $0.lock($0.at(0))
      return $0.madvise($0.at(0), .dontNeed)
    },
    ErrnoRow("madvise", .EINVAL, "MADV_DONTNEED of frames without descriptors") {
      $0.madvise(try $0.kernelPages(), .dontNeed)
    },
    ErrnoRow(
      "madvise", "EINVAL", "MADV_DONTNEED of huge pages", never: "allowed since 5.18"),
    ErrnoRow("madvise", .EINVAL, "MADV_REMOVE of locked memory") {
      let start = try $0.map(2, [.read, .write], [.shared, .anonymous])
      try $0.lock(start)
      return $0.madvise(start, .remove)
    },
    ErrnoRow("madvise", .EINVAL, "MADV_MERGEABLE without CONFIG_KSM") {
      $0.laboratory.kernel.services.pointee.features.remove(.samePageMerging)
      return $0.madvise($0.at(0), .mergeable)
    },
    ErrnoRow("madvise", .EINVAL, "MADV_UNMERGEABLE without CONFIG_KSM") {
      $0.laboratory.kernel.services.pointee.features.remove(.samePageMerging)
      return $0.madvise($0.at(0), .unmergeable)
    },
    ErrnoRow("madvise", .EINVAL, "MADV_FREE of a file") {
      $0.madvise(try $0.map(1, .read, .private, file: $0.file()), .free)
    },
    ErrnoRow("madvise", .EINVAL, "MADV_FREE of shared memory") {
      $0.madvise(try $0.map(1, .read, [.shared, .anonymous]), .free)
    },
    ErrnoRow("madvise", .EINVAL, "MADV_FREE of huge pages") { $0.madvise(try $0.mapHuge(), .free) },
    ErrnoRow("madvise", .EINVAL, "MADV_WIPEONFORK of a file") {
      $0.madvise(try $0.map(1, .read, .private, file: $0.file()), .wipeOnFork)
    },
    ErrnoRow("madvise", .EINVAL, "MADV_WIPEONFORK of shared memory") {
      $0.madvise(try $0.map(1, .read, [.shared, .anonymous]), .wipeOnFork)
    },
    ErrnoRow("madvise", .EINVAL, "MADV_POPULATE_READ of memory that may not be read") {
      $0.madvise(try $0.map(1, []), .populateRead)
    },
    ErrnoRow("madvise", .EINVAL, "MADV_POPULATE_WRITE of memory that may not be written") {
      $0.madvise(try $0.map(1, .read), .populateWrite)
    },
    ErrnoRow("madvise", .EINVAL, "MADV_POPULATE_READ of the kernel's own pages") {
      $0.madvise(try $0.kernelPages(), .populateRead)
    },
    ErrnoRow("madvise", .EINVAL, "MADV_GUARD_INSTALL of locked memory") {
      try $0.lock($0.at(0))
      return $0.madvise($0.at(0), .guardInstall)
    },
    ErrnoRow("madvise", .EINVAL, "MADV_GUARD_REMOVE of huge pages") {
      $0.madvise(try $0.mapHuge(), .guardRemove)
    },
  ]

  private static let adviceRest: [ErrnoRow] = [
    ErrnoRow(
      "madvise", "EIO", "MADV_WILLNEED beyond the largest resident set",
      never: "kernels know no such limit any more"),
    ErrnoRow(
      "madvise", "ENOMEM", "MADV_WILLNEED: not enough memory",
      never: "read-ahead that fails is no error"),
    ErrnoRow(
      "madvise", "ENOMEM", "MADV_COLLAPSE: no huge page to be had",
      never: "the pages are not copied into one yet"),
    ErrnoRow("madvise", .ENOMEM, "addresses that are not mapped") {
      $0.madvise($0.at(0), .random, pages: 12)
    },
    ErrnoRow("madvise", .ENOMEM, "addresses beyond the address space") {
      $0.madvise(1 << 47, .dontNeed)
    },
    ErrnoRow("madvise", .ENOMEM, "MADV_POPULATE_WRITE: not enough memory") {
      $0.fail(.frame)
      return $0.madvise($0.at(0), .populateWrite)
    },
    ErrnoRow("madvise", .EPERM, "MADV_HWPOISON without CAP_SYS_ADMIN") {
      $0.madvise($0.at(0), .hardwarePoison)
    },
    ErrnoRow(
      "madvise", "EHWPOISON", "MADV_POPULATE_READ meets a poisoned page",
      never: "nothing poisons pages: an administrator gets EOPNOTSUPP"),
  ]

  static let processMadvise = ErrnoPage(
    name: "process_madvise(2)",
    rows: [
      ErrnoRow("process_madvise", .EBADF, "no descriptor of a process") {
        try $0.advise([$0.at(0), 4096], of: AdvisedProcess.none)
      },
      ErrnoRow("process_madvise", .EFAULT, "a range beyond the address space") {
        try $0.advise([1 << 47, 4096])
      },
      ErrnoRow("process_madvise", .EFAULT, "not in the page: a vector that cannot be read") {
        $0.call(.processMadvise, 0, $0.at(8), 1, 20, process: .task($0.task))
      },
      ErrnoRow("process_madvise", .EINVAL, "flags other than 0") {
        try $0.advise([$0.at(0), 4096], flags: 1)
      },
      ErrnoRow(
        "process_madvise", .EINVAL, "lengths that overflow ssize_t",
        note: "a single length; a larger sum is cut off at 2 GiB (6.18)"
      ) {
        try $0.advise([$0.at(0), 4096, $0.at(0), 1 << 63])
      },
      ErrnoRow("process_madvise", .EINVAL, "more than 1024 ranges") {
        $0.call(.processMadvise, 0, $0.at(0), 1025, 20, process: .task($0.task))
      },
      ErrnoRow("process_madvise", .ENOMEM, "no memory for a copy of the vector") {
        try $0.store([0], at: $0.at(1))
        $0.fail(.frame)
        return $0.call(.processMadvise, 0, $0.at(1), 200, 20, process: .task($0.task))
      },
      ErrnoRow(
        "process_madvise", .EPERM, "no permission for the other's memory", note: "CAP_SYS_NICE"
      ) {
        let other = try $0.laboratory.kernel.fork($0.task, id: 2, sharesMemory: false)
        return try $0.advise([$0.at(0), 4096], of: .task(other))
      },
      ErrnoRow("process_madvise", .ESRCH, "a process that is no more") {
        try $0.advise([$0.at(0), 4096], of: .ended)
      },
      ErrnoRow("process_madvise", .ENOMEM, "what madvise says: addresses that are not mapped") {
        try $0.advise([$0.at(8), 4096])
      },
    ])
}

extension ErrnoTrial {
  /// Huge pages that nobody promised.
  fileprivate func mapHuge() throws -> UInt64 {
    UInt64(mmap(length: 2 << 20, [.read, .write], [.private, .anonymous, .hugeTLB, .noReserve]))
  }

  /// `process_madvise` with `MADV_COLD` and a vector at page 10; by default of the caller's own memory.
  fileprivate func advise(
    _ vector: [UInt64], of process: AdvisedProcess? = nil, flags: UInt64 = 0
  ) throws -> Int64 {
    try store(vector, at: at(10))
    return call(
      .processMadvise, 0, at(10), UInt64(vector.count / 2), 20, flags,
      process: process ?? .task(task))
  }
}
