import AddressSpaces
import KernelCore
import Machine
import MemoryTypes

/// `mseal`, which has no manual page: the rows are those of the kernel's own description.
extension ErrnoPage {
  static let mseal = ErrnoPage(
    name: "mseal (Documentation/userspace-api/mseal.rst)", rows: sealArguments + sealedCalls)

  private static let sealArguments: [ErrnoRow] = [
    ErrnoRow("mseal", .EINVAL, "flags other than 0") { $0.call(.mseal, $0.at(0), 4096, 1) },
    ErrnoRow("mseal", .EINVAL, "an address inside a page") {
      $0.call(.mseal, $0.at(0) + 1, 4096)
    },
    ErrnoRow("mseal", .EINVAL, "a range that wraps around") {
      $0.call(.mseal, $0.at(0), UInt64(bitPattern: -4096))
    },
    ErrnoRow("mseal", .ENOMEM, "the start is not mapped") { $0.call(.mseal, $0.at(8), 3 * 4096) },
    ErrnoRow("mseal", .ENOMEM, "the end is not mapped") { $0.call(.mseal, $0.at(10), 4 * 4096) },
    ErrnoRow("mseal", .ENOMEM, "a gap") { $0.call(.mseal, $0.at(0), 12 * 4096) },
    ErrnoRow(
      "mseal", .EPERM, "a processor of 32 bits", but: .ENOSYS,
      "the call is built for 64 bits only", on: .i386
    ) {
      $0.call(.mseal, $0.at(0), 4096)
    },
  ]

  private static let sealedCalls: [ErrnoRow] = [
    ErrnoRow("munmap", .EPERM, "sealed memory") {
      try $0.seal($0.at(0))
      return $0.call(.munmap, $0.at(0), 4096)
    },
    ErrnoRow("mremap", .EPERM, "sealed memory") {
      try $0.seal($0.at(0))
      return $0.mremap($0.at(0), 1, 2, .mayMove)
    },
    ErrnoRow("mremap", .EPERM, "sealed memory at the target") {
      try $0.seal($0.at(10))
      return $0.mremap($0.at(0), 1, 1, [.mayMove, .fixed], to: $0.at(10))
    },
    ErrnoRow("mmap", .EPERM, "MAP_FIXED on sealed memory") {
      try $0.seal($0.at(0))
      return $0.mmap($0.at(0), .read, [.private, .anonymous, .fixed])
    },
    ErrnoRow("mprotect", .EPERM, "sealed memory") {
      try $0.seal($0.at(0))
      return $0.call(.mprotect, $0.at(0), 4096, 1)
    },
    ErrnoRow("pkey_mprotect", .EPERM, "sealed memory") {
      try $0.seal($0.at(0))
      return $0.call(.pkeyMprotect, $0.at(0), 4096, 1, UInt64(bitPattern: -1))
    },
    ErrnoRow("madvise", .EPERM, "MADV_DONTNEED of sealed memory that is read-only") {
      let start = try $0.map(2, .read)
      try $0.seal(start)
      return $0.madvise(start, .dontNeed)
    },
  ]
}
