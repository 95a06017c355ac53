import AddressSpaces
import KernelCore
import Machine
import MemoryTypes

/// `brk`, `mmap` and `munmap`.
extension ErrnoPage {
  static let brk = ErrnoPage(
    name: "brk(2)",
    rows: [
      ErrnoRow("brk", .ENOMEM, "beyond RLIMIT_DATA", note: Self.breakNote) {
        $0.limits.data = ByteCount(4096)
        return $0.moveBreak(by: 2)
      },
      ErrnoRow("brk", .ENOMEM, "into another mapping", note: Self.breakNote) {
        $0.moveBreak(by: 5)
      },
      ErrnoRow("brk", .ENOMEM, "no memory for the mapping", note: Self.breakNote) {
        $0.fail(.area)
        return $0.moveBreak(by: 1)
      },
    ])

  private static let breakNote =
    "the call answers with the old break, of which the library makes ENOMEM"

  static let mmap = ErrnoPage(name: "mmap(2)", rows: mapAccess + mapArguments + mapMemory + unmap)

  private static let mapAccess: [ErrnoRow] = [
    ErrnoRow(
      "mmap", .EACCES, "a descriptor of no regular file", but: .ENODEV,
      "so for directories, pipes and sockets (6.18)"
    ) {
      $0.mmap(.zero, .read, .private, file: try $0.file(.read, .unmappable))
    },
    ErrnoRow("mmap", .EACCES, "a file not open for reading") {
      $0.mmap(.zero, .read, .private, file: try $0.file(.write))
    },
    ErrnoRow("mmap", .EACCES, "MAP_SHARED and PROT_WRITE of a file not open for both") {
      $0.mmap(.zero, .write, .shared, file: try $0.file(.read))
    },
    ErrnoRow(
      "mmap", "EACCES", "PROT_WRITE of an append-only file",
      never: "files have no attribute of their own"),
    ErrnoRow(
      "mmap", "EAGAIN", "the file is locked", never: "mandatory locks are gone since 5.15"),
    ErrnoRow("mmap", .EAGAIN, "too much memory locked") {
      $0.limits.locked = ByteCount(4096)
      return $0.mmap(length: 8192, .read, [.private, .anonymous, .locked])
    },
    ErrnoRow("mmap", .EBADF, "no open descriptor, and no MAP_ANONYMOUS") {
      $0.mmap(.zero, .read, .private)
    },
    ErrnoRow("mmap", .EEXIST, "MAP_FIXED_NOREPLACE on a mapping") {
      $0.mmap($0.at(0), .read, [.private, .anonymous, .fixedNoReplace])
    },
  ]

  private static let mapArguments: [ErrnoRow] = [
    ErrnoRow("mmap", .EINVAL, "MAP_FIXED and an address inside a page") {
      $0.mmap($0.at(20) + 1, .read, [.private, .anonymous, .fixed])
    },
    ErrnoRow("mmap", .EINVAL, "an offset inside a page") {
      $0.mmap(.zero, .read, .private, file: try $0.file(), offset: 1)
    },
    ErrnoRow(
      "mmap", .EINVAL, "a length that is too large", but: .ENOMEM, "the length finds no room (6.18)"
    ) {
      $0.mmap(length: 1 << 62)
    },
    ErrnoRow("mmap", .EINVAL, "length 0") { $0.mmap(length: 0) },
    ErrnoRow("mmap", .EINVAL, "no type among the flags") { $0.mmap(.zero, .read, .anonymous) },
    ErrnoRow(
      "mmap", "ENFILE", "the limit of open files of the machine",
      never: "files are not counted against a limit"),
    ErrnoRow("mmap", .ENODEV, "a file that cannot be mapped") {
      $0.mmap(.zero, .read, .shared, file: try $0.file([.read, .write], .unmappable))
    },
    ErrnoRow(
      "mmap", .EOVERFLOW, "32 bits: the pages of offset and length have no number", on: .i386
    ) {
      $0.mmap(length: 8192, .read, .private, file: try $0.file(), offset: 0xffff_ffff << 12)
    },
    ErrnoRow("mmap", .EOVERFLOW, "not in the page: an offset beyond every file") {
      $0.mmap(.zero, .read, .private, file: try $0.file(), offset: 1 << 63)
    },
    ErrnoRow(
      "mmap", "EPERM", "PROT_EXEC of a file on a file system without execution",
      never: "files belong to no mount"),
    ErrnoRow("mmap", .EPERM, "a seal of the file") {
      $0.mmap(
        .zero, .write, .shared, file: try $0.file([.read, .write], .sharedMemory, seals: .write))
    },
    ErrnoRow(
      "mmap", "EPERM", "MAP_HUGETLB without privilege",
      never: "asked of shmget alone; such a mmap needs no privilege (6.18)"),
    ErrnoRow("mmap", .EPERM, "not in the page: a fixed address below mmap_min_addr") {
      $0.mmap(.zero, .read, [.private, .anonymous, .fixed])
    },
    ErrnoRow("mmap", .EPERM, "not in the page: MAP_LOCKED where nothing may be locked") {
      $0.limits.locked = .zero
      return $0.mmap(.zero, .read, [.private, .anonymous, .locked])
    },
    ErrnoRow(
      "mmap", .EOPNOTSUPP, "not in the page: MAP_SHARED_VALIDATE with an unknown flag or MAP_SYNC"
    ) {
      $0.mmap(.zero, .read, [.sharedValidate, .synchronous], file: try $0.file())
    },
    ErrnoRow(
      "mmap", "ETXTBSY", "MAP_DENYWRITE of a file open for writing",
      never: "the flag is ignored (6.18)"),
  ]

  private static let mapMemory: [ErrnoRow] = [
    ErrnoRow("mmap", .ENOMEM, "no memory: more than RAM and swap hold") {
      $0.mmap(length: 1 << 32, .write)
    },
    ErrnoRow("mmap", .ENOMEM, "no memory: none for the kernel's own structure") {
      $0.fail(.area)
      return $0.mmap($0.at(40), .read, [.private, .anonymous, .fixed])
    },
    ErrnoRow("mmap", .ENOMEM, "no memory: MAP_HUGETLB where no huge pages are kept ready") {
      $0.mmap(length: 2 << 20, .read, [.private, .anonymous, .hugeTLB])
    },
    ErrnoRow("mmap", .ENOMEM, "more mappings than max_map_count") {
      $0.limits.maximumVMAs = 1
      return $0.mmap()
    },
    ErrnoRow("mmap", .ENOMEM, "beyond RLIMIT_DATA") {
      $0.limits.data = ByteCount(4096)
      return $0.mmap(.zero, [.read, .write])
    },
    ErrnoRow("mmap", .ENOMEM, "not in the page: beyond RLIMIT_AS") {
      $0.limits.addressSpace = ByteCount(4096)
      return $0.mmap()
    },
    ErrnoRow("mmap", .ENOMEM, "an address beyond the address space") {
      $0.mmap(0x7fff_ffff_f000, .read, [.private, .anonymous, .fixed])
    },
  ]

  private static let unmap: [ErrnoRow] = [
    ErrnoRow("munmap", .EINVAL, "an address inside a page") {
      $0.call(.munmap, $0.at(0) + 1, 4096)
    },
    ErrnoRow("munmap", .EINVAL, "length 0") { $0.call(.munmap, $0.at(0), 0) },
    ErrnoRow("munmap", .EINVAL, "beyond the address space") { $0.call(.munmap, 1 << 47, 4096) },
    ErrnoRow("munmap", .ENOMEM, "the middle of a mapping, at max_map_count") {
      $0.forbidMoreAreas()
      return $0.call(.munmap, $0.at(2), 4096)
    },
  ]
}

extension ErrnoTrial {
  /// As the library's `brk`, with a heap that ends four pages below page 0.
  fileprivate func moveBreak(by pages: UInt64) -> Int64 {
    let start = at(0) - 4 * Self.page
    task.pointee.space.pointee.setHeap(
      start: VirtualAddress(UInt(start)), programBreak: VirtualAddress(UInt(start)))
    let wanted = Int64(start + pages * Self.page)
    return call(.brk, UInt64(wanted)) < wanted ? -Int64(Errno.ENOMEM.rawValue) : 0
  }
}
