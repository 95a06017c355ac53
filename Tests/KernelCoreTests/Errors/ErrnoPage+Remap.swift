import AddressSpaces
import KernelCore
import Machine
import MemoryTypes

/// `mremap` and `remap_file_pages`.
extension ErrnoPage {
  static let mremap = ErrnoPage(
    name: "mremap(2)", rows: remapFailures + remapArguments + remapMemory)

  private static let remapFailures: [ErrnoRow] = [
    ErrnoRow("mremap", .EAGAIN, "a locked mapping would grow beyond RLIMIT_MEMLOCK") {
      try $0.lock($0.at(0))
      $0.limits.locked = ByteCount(4096)
      return $0.mremap($0.at(0), 1, 2, .mayMove)
    },
    ErrnoRow("mremap", .EFAULT, "an address that is not mapped") {
      $0.mremap($0.at(8), 1, 2, .mayMove)
    },
    ErrnoRow("mremap", .EFAULT, "a range of mappings of different types") {
      $0.call(.mprotect, $0.at(4), 4096, 1) == 0 ? $0.mremap($0.at(3), 2, 3, .mayMove) : 0
    },
    ErrnoRow("mremap", .EFAULT, "not in the page: growth of the kernel's own pages") {
      $0.mremap(try $0.kernelPages(), 1, 2, .mayMove)
    },
  ]

  private static let remapArguments: [ErrnoRow] = [
    ErrnoRow("mremap", .EINVAL, "an old address inside a page") { $0.mremap($0.at(0) + 1, 1, 2) },
    ErrnoRow("mremap", .EINVAL, "unknown flags") {
      $0.mremap($0.at(0), 1, 2, RemapFlags(rawValue: 8))
    },
    ErrnoRow("mremap", .EINVAL, "new size 0") { $0.mremap($0.at(0), 1, 0) },
    ErrnoRow("mremap", .EINVAL, "a new size beyond the address space") {
      $0.call(.mremap, $0.at(0), 4096, 1 << 60, 1)
    },
    ErrnoRow("mremap", .EINVAL, "a new address inside a page") {
      $0.mremap($0.at(0), 1, 1, [.mayMove, .fixed], to: $0.at(20) + 1)
    },
    ErrnoRow("mremap", .EINVAL, "a new address beyond the address space") {
      $0.mremap($0.at(0), 1, 1, [.mayMove, .fixed], to: 0x7fff_ffff_f000)
    },
    ErrnoRow("mremap", .EINVAL, "the new range overlaps the old one") {
      $0.mremap($0.at(0), 2, 2, [.mayMove, .fixed], to: $0.at(1))
    },
    ErrnoRow("mremap", .EINVAL, "MREMAP_FIXED without MREMAP_MAYMOVE") {
      $0.mremap($0.at(0), 1, 1, .fixed, to: $0.at(20))
    },
    ErrnoRow("mremap", .EINVAL, "MREMAP_DONTUNMAP without MREMAP_MAYMOVE") {
      $0.mremap($0.at(0), 1, 1, .dontUnmap)
    },
    ErrnoRow(
      "mremap", .EINVAL, "MREMAP_DONTUNMAP of pages that are not private and anonymous",
      note: "since 5.13 of the kernel's own pages only"
    ) {
      $0.mremap(try $0.kernelPages(), 4, 4, [.mayMove, .dontUnmap])
    },
    ErrnoRow("mremap", .EINVAL, "MREMAP_DONTUNMAP with another size") {
      $0.mremap($0.at(0), 1, 2, [.mayMove, .dontUnmap])
    },
    ErrnoRow("mremap", .EINVAL, "old size 0 and a mapping that is not shared") {
      $0.mremap($0.at(0), 0, 1, .mayMove)
    },
    ErrnoRow(
      "mremap", .EINVAL, "old size 0 without MREMAP_MAYMOVE", but: .ENOMEM,
      "so for shared mappings; others are EINVAL whatever the flags (6.18)"
    ) {
      $0.mremap(try $0.map(2, .read, [.shared, .anonymous]), 0, 1)
    },
  ]

  private static let remapMemory: [ErrnoRow] = [
    ErrnoRow("mremap", .ENOMEM, "no room to grow, and no MREMAP_MAYMOVE") {
      $0.mremap($0.at(0), 8, 12)
    },
    ErrnoRow("mremap", .ENOMEM, "not enough memory: RLIMIT_AS") {
      $0.limits.addressSpace = ByteCount(11 * 4096)
      return $0.mremap($0.at(0), 8, 12, .mayMove)
    },
    ErrnoRow("mremap", .ENOMEM, "not enough memory: RLIMIT_DATA") {
      $0.limits.data = ByteCount(11 * 4096)
      return $0.mremap($0.at(0), 8, 12, .mayMove)
    },
    ErrnoRow("mremap", .ENOMEM, "not enough memory: more than RAM and swap hold") {
      $0.mremap($0.at(0), 8, 1 << 20, .mayMove)
    },
    ErrnoRow("mremap", .ENOMEM, "not enough memory: none for the kernel's own structure") {
      $0.fail(.area)
      return $0.mremap($0.at(0), 8, 8, [.mayMove, .fixed], to: $0.at(40))
    },
    ErrnoRow("mremap", .ENOMEM, "MREMAP_DONTUNMAP beyond the address space allowed") {
      $0.limits.addressSpace = ByteCount(11 * 4096)
      return $0.mremap($0.at(0), 8, 8, [.mayMove, .dontUnmap])
    },
    ErrnoRow("mremap", .ENOMEM, "more mappings than max_map_count") {
      $0.forbidMoreAreas()
      return $0.mremap($0.at(0), 8, 8, [.mayMove, .dontUnmap])
    },
  ]

  static let remapFilePages = ErrnoPage(
    name: "remap_file_pages(2)",
    rows: [
      ErrnoRow("remap_file_pages", .EINVAL, "no mapping made with MAP_SHARED") {
        $0.call(.remapFilePages, $0.at(0), 4096)
      },
      ErrnoRow("remap_file_pages", .EINVAL, "addr: nothing is mapped there") {
        $0.call(.remapFilePages, $0.at(8), 4096)
      },
      ErrnoRow("remap_file_pages", .EINVAL, "size: less than a page") {
        $0.call(.remapFilePages, try $0.map(2, .read, [.shared, .anonymous]), 4095)
      },
      ErrnoRow("remap_file_pages", .EINVAL, "size: beyond the mapping") {
        $0.call(.remapFilePages, try $0.map(2, .read, [.shared, .anonymous]), 3 * 4096)
      },
      ErrnoRow("remap_file_pages", .EINVAL, "prot: not 0") {
        $0.call(.remapFilePages, try $0.map(2, .read, [.shared, .anonymous]), 4096, 1)
      },
      ErrnoRow("remap_file_pages", .EINVAL, "pgoff: the pages have no number") {
        $0.call(.remapFilePages, try $0.map(2, .read, [.shared, .anonymous]), 4096, 0, .max)
      },
      ErrnoRow("remap_file_pages", .EOVERFLOW, "not in the page: pgoff beyond every file") {
        $0.call(.remapFilePages, try $0.map(2, .read, [.shared, .anonymous]), 4096, 0, 1 << 51)
      },
    ])
}
