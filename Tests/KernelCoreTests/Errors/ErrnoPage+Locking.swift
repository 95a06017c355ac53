import AddressSpaces
import KernelCore
import Machine
import MemoryTypes

/// Locked memory, residence, and what goes to files.
extension ErrnoPage {
  static let mlock = ErrnoPage(
    name: "mlock(2)",
    rows: lockRows("mlock", .mlock) + lockRows("mlock2", .mlock2) + unlockRows + lockAllRows)

  private static func lockRows(_ name: String, _ call: SystemCall) -> [ErrnoRow] {
    let flags: [ErrnoRow] =
      call == .mlock
      ? []
      : [ErrnoRow(name, .EINVAL, "unknown flags") { $0.call(call, $0.at(0), 4096, 2) }]
    return [
      ErrnoRow(name, .EAGAIN, "pages that could not be had") {
        $0.fail(.frame)
        return $0.call(call, $0.at(0), 4096)
      },
      ErrnoRow(name, .EINVAL, "addr + length is less than addr") {
        $0.call(call, UInt64(bitPattern: -4096), 8192)
      },
    ] + flags + [
      ErrnoRow(name, .ENOMEM, "pages that are not mapped") {
        $0.call(call, $0.at(0), 12 * 4096)
      },
      ErrnoRow(name, .ENOMEM, "more mappings than max_map_count") {
        $0.forbidMoreAreas()
        return $0.call(call, $0.at(2), 4096)
      },
      ErrnoRow(name, .ENOMEM, "beyond RLIMIT_MEMLOCK") {
        $0.limits.locked = ByteCount(4096)
        return $0.call(call, $0.at(0), 8192)
      },
      ErrnoRow(name, .EPERM, "RLIMIT_MEMLOCK is 0, and no privilege") {
        $0.limits.locked = .zero
        return $0.call(call, $0.at(0), 4096)
      },
    ]
  }

  private static let unlockRows: [ErrnoRow] = [
    ErrnoRow("munlock", "EAGAIN", "pages that could not be had", never: "none is brought in"),
    ErrnoRow("munlock", .EINVAL, "addr + length is less than addr") {
      $0.call(.munlock, UInt64(bitPattern: -4096), 8192)
    },
    ErrnoRow("munlock", .ENOMEM, "pages that are not mapped") {
      $0.call(.munlock, $0.at(0), 12 * 4096)
    },
    ErrnoRow("munlock", .ENOMEM, "more mappings than max_map_count") {
      _ = $0.call(.mlock, $0.at(0), 8 * 4096)
      $0.forbidMoreAreas()
      return $0.call(.munlock, $0.at(2), 4096)
    },
    ErrnoRow(
      "mlock", "EINVAL", "an address inside a page", never: "not on Linux, which rounds down"),
    ErrnoRow("mlock", "ENOMEM", "more than half of RAM", never: "Linux 2.4 and earlier"),
  ]

  private static let lockAllRows: [ErrnoRow] = [
    ErrnoRow("mlockall", .EINVAL, "unknown flags") { $0.call(.mlockall, 8) },
    ErrnoRow("mlockall", .EINVAL, "MCL_ONFAULT alone") { $0.call(.mlockall, 4) },
    ErrnoRow("mlockall", .ENOMEM, "beyond RLIMIT_MEMLOCK") {
      $0.limits.locked = ByteCount(4096)
      return $0.call(.mlockall, 1)
    },
    ErrnoRow("mlockall", .EPERM, "RLIMIT_MEMLOCK is 0, and no privilege") {
      $0.limits.locked = .zero
      return $0.call(.mlockall, 1)
    },
    ErrnoRow("munlockall", "EPERM", "no privilege", never: "Linux 2.6.8 and earlier"),
  ]

  static let mincore = ErrnoPage(
    name: "mincore(2)",
    rows: [
      ErrnoRow("mincore", .EAGAIN, "no page to gather the answers in") {
        $0.fail(.frame)
        return $0.call(.mincore, $0.at(0), 4096, $0.at(10))
      },
      ErrnoRow("mincore", .EFAULT, "a vector that cannot be written") {
        $0.call(.mincore, $0.at(0), 4096, $0.at(8))
      },
      ErrnoRow("mincore", .EFAULT, "a vector beyond the address space") {
        $0.call(.mincore, $0.at(0), 4096, .max)
      },
      ErrnoRow("mincore", .EINVAL, "an address inside a page") {
        $0.call(.mincore, $0.at(0) + 1, 4096, $0.at(10))
      },
      ErrnoRow("mincore", .ENOMEM, "length beyond TASK_SIZE - addr") {
        $0.call(.mincore, $0.at(0), UInt64(bitPattern: -4096), $0.at(10))
      },
      ErrnoRow("mincore", .ENOMEM, "pages that are not mapped") {
        $0.call(.mincore, $0.at(0), 12 * 4096, $0.at(10))
      },
    ])

  static let msync = ErrnoPage(
    name: "msync(2)",
    rows: [
      ErrnoRow("msync", .EBUSY, "MS_INVALIDATE of locked memory") {
        try $0.lock($0.at(0))
        return $0.call(.msync, $0.at(0), 4096, 2)
      },
      ErrnoRow("msync", .EINVAL, "an address inside a page") {
        $0.call(.msync, $0.at(0) + 1, 4096, 4)
      },
      ErrnoRow("msync", .EINVAL, "unknown flags") { $0.call(.msync, $0.at(0), 4096, 8) },
      ErrnoRow("msync", .EINVAL, "MS_SYNC and MS_ASYNC") { $0.call(.msync, $0.at(0), 4096, 5) },
      ErrnoRow("msync", .ENOMEM, "pages that are not mapped") {
        $0.call(.msync, $0.at(0), 12 * 4096, 4)
      },
      ErrnoRow("msync", .ENOMEM, "not in the page: a range that wraps around") {
        $0.call(.msync, $0.at(0), UInt64(bitPattern: -4096), 4)
      },
    ])
}
