public import MemoryTypes

/// One thing that happened to a program's memory, in the order it happened.
///
/// Every reader (strace text, oracle log, recording folder, our compact form) produces these, and the
/// replayer consumes nothing else.
public struct RecordedEvent: Hashable, Sendable {
  /// Where the event stands in its source: a line of a text (from 1), a record of a binary.
  public var position: Int
  /// Nanoseconds on the recorder's clock; 0 where the source has no times.
  public var time: UInt64
  /// The thread it happened in (Linux: the tid); 0 for the one process of an oracle log.
  public var task: Int32
  public var body: Body

  public init(position: Int, time: UInt64 = 0, task: Int32, _ body: Body) {
    self.position = position
    self.time = time
    self.task = task
    self.body = body
  }

  public enum Body: Hashable, Sendable {
    /// A system call and what the kernel answered.
    case call(RecordedCall)
    /// `execve` succeeded: the address space is thrown away and the image's mappings stand.
    case exec(ExecImage)
    /// A new task; `child` runs in the same address space when `sharesMemory`.
    case fork(child: Int32, sharesMemory: Bool)
    /// The task ended. `status` as `wait(2)` gives it.
    case exit(status: Int32)
    /// A page fault that user code took.
    case fault(address: UInt64, access: AccessKind)
    /// How `/proc/PID/maps` changed by the call, fork or exec before: a truth to compare with.
    case mapsChange(removed: [MapLine], added: [MapLine])
    /// The whole of `/proc/PID/maps` at this moment: a truth to compare with.
    case maps([MapLine])
    /// The file's size became known or changed.
    case fileSize(file: FileID, bytes: UInt64)
    /// An access or a question with its answer, from an oracle log.
    case probe(OracleProbe)
    /// Accesses of user code, one after the other, at most `TracedAccess.batchLimit`.
    case accesses([TracedAccess])
  }
}

/// How memory is accessed.
public enum AccessKind: UInt8, Hashable, Sendable {
  case read, write, execute
}

/// The system calls that make, change or ask about mappings, by their Linux names.
public enum CallName: UInt8, CaseIterable, Hashable, Sendable {
  case brk, mmap, munmap, mprotect, mremap, madvise
  case msync, mlock, mlock2, munlock, mlockall, munlockall, mincore
  case remapFilePages, ftruncate, processMadvise, mseal
  case pkeyAlloc, pkeyFree, pkeyMprotect
  case shmget, shmat, shmdt, shmctl, memfdCreate, userfaultfd
  case mbind, setMempolicy, getMempolicy, migratePages, movePages, setMempolicyHomeNode
  case memfdSecret, processMrelease, mapShadowStack, cachestat, prctl, setrlimit

  /// The name as strace and the oracle logs spell it.
  public var text: String {
    switch self {
    case .remapFilePages: "remap_file_pages"
    case .processMadvise: "process_madvise"
    case .pkeyAlloc: "pkey_alloc"
    case .pkeyFree: "pkey_free"
    case .pkeyMprotect: "pkey_mprotect"
    case .memfdCreate: "memfd_create"
    case .setMempolicy: "set_mempolicy"
    case .getMempolicy: "get_mempolicy"
    case .migratePages: "migrate_pages"
    case .movePages: "move_pages"
    case .setMempolicyHomeNode: "set_mempolicy_home_node"
    case .memfdSecret: "memfd_secret"
    case .processMrelease: "process_mrelease"
    case .mapShadowStack: "map_shadow_stack"
    default: "\(self)"
    }
  }
}

/// A finished system call with its registers as the kernel saw them.
///
/// Flags and advices are numbers here, in the encoding of the recorded architecture's Linux.
public struct RecordedCall: Hashable, Sendable {
  public var name: CallName
  /// The first six arguments; those a call does not take are 0. `mmap`'s fifth (the descriptor) is
  /// kept as the program passed it, its sixth is the offset in bytes.
  public var arguments: Arguments
  /// The file behind `mmap`'s descriptor; nil for an anonymous mapping or a descriptor not open.
  public var file: FileID?
  /// What the descriptor allows: a mapping may need more than it gives (`EACCES`).
  public var fileAccess: FileAccess
  /// The kernel's raw answer: an address or 0, or the negated error number.
  public var result: Int64

  public init(
    _ name: CallName, _ arguments: Arguments, file: FileID? = nil,
    fileAccess: FileAccess = .unknown, result: Int64
  ) {
    self.name = name
    self.arguments = arguments
    self.file = file
    self.fileAccess = fileAccess
    self.result = result
  }

  /// The number of the descriptor that the call was given. Of calls that take one only.
  public var descriptor: UInt64 {
    switch name {
    case .mmap: arguments.a4
    default: arguments.a0
    }
  }

  /// Six machine words.
  public struct Arguments: Hashable, Sendable {
    public var a0: UInt64 = 0
    public var a1: UInt64 = 0
    public var a2: UInt64 = 0
    public var a3: UInt64 = 0
    public var a4: UInt64 = 0
    public var a5: UInt64 = 0

    public init(
      _ a0: UInt64 = 0, _ a1: UInt64 = 0, _ a2: UInt64 = 0, _ a3: UInt64 = 0, _ a4: UInt64 = 0,
      _ a5: UInt64 = 0
    ) {
      (self.a0, self.a1, self.a2, self.a3, self.a4, self.a5) = (a0, a1, a2, a3, a4, a5)
    }
  }

  /// The access mode of an open descriptor.
  public enum FileAccess: UInt8, Hashable, Sendable {
    case unknown, readOnly, writeOnly, readWrite
  }
}

/// An index into the `files` of the recording that an event came from.
public struct FileID: Hashable, Sendable {
  public var rawValue: UInt32
  public init(_ rawValue: UInt32) { self.rawValue = rawValue }
}

/// A file that the recorded program mapped.
public struct RecordedFile: Hashable, Sendable {
  /// The path as `/proc/PID/maps` prints it.
  public var path: String
  /// Bytes at the time it was first mapped; nil where the source does not tell.
  public var size: UInt64?
  public var fileSystem: FileSystemKind
  /// Its bytes at the start, where the source tells; oracle logs do, our compact form does not.
  public var contents: ByteFormula?

  public init(
    path: String, size: UInt64? = nil, fileSystem: FileSystemKind = .unknown,
    contents: ByteFormula? = nil
  ) {
    self.path = path
    self.size = size
    self.fileSystem = fileSystem
    self.contents = contents
  }

  /// Byte i is `i * factor + offset`, cut to 8 bits, for i below `count`; the rest is a hole.
  public struct ByteFormula: Hashable, Sendable {
    public var factor: UInt8
    public var offset: UInt8
    public var count: UInt64

    public init(factor: UInt8, offset: UInt8, count: UInt64) {
      self.factor = factor
      self.offset = offset
      self.count = count
    }

    public func byte(at index: UInt64) -> UInt8 {
      UInt8(truncatingIfNeeded: index) &* factor &+ offset
    }
  }
}

/// What matters of a file system to the memory manager: placement and write notification.
public enum FileSystemKind: UInt8, Hashable, Sendable {
  case unknown, ext4, tmpfs, memfd, xfs, btrfs, overlay, proc, device, other
}

/// A line of `/proc/PID/maps`, without device and inode.
public struct MapLine: Hashable, Sendable {
  public var start: UInt64
  public var end: UInt64
  public var permissions: MapPermissions
  public var offset: UInt64
  /// What stands at the end of the line: a path, `[heap]`, or nothing.
  public var path: String

  public init(
    start: UInt64, end: UInt64, permissions: MapPermissions, offset: UInt64, path: String
  ) {
    self.start = start
    self.end = end
    self.permissions = permissions
    self.offset = offset
    self.path = path
  }
}

/// The letters `rwxs` of a maps line.
public struct MapPermissions: OptionSet, Hashable, Sendable {
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  public static let read = MapPermissions(rawValue: 1)
  public static let write = MapPermissions(rawValue: 2)
  public static let execute = MapPermissions(rawValue: 4)
  /// `s`; private mappings (`p`) lack it.
  public static let shared = MapPermissions(rawValue: 8)
}

/// The address space that `execve` made.
public struct ExecImage: Hashable, Sendable {
  public var path: String
  /// The mappings that stand when the first instruction runs, in address order.
  public var mappings: [MapLine]
  /// The files of `mappings`, index by index; nil where the mapping has none.
  public var files: [FileID?]
  /// The initial program break, page-aligned or not; nil where it must be learned.
  public var programBreak: UInt64?
  /// How `mappings` came to be known.
  public var origin: Origin

  public init(
    path: String, mappings: [MapLine], files: [FileID?], programBreak: UInt64?, origin: Origin
  ) {
    self.path = path
    self.mappings = mappings
    self.files = files
    self.programBreak = programBreak
    self.origin = origin
  }

  public enum Origin: UInt8, Hashable, Sendable {
    /// The kernel's own maps, recorded at the exec.
    case recorded
    /// Built from the program's ELF file.
    case elf
    /// Nothing was at hand: the replayer learns from the first results and counts them as adopted.
    case unknown
  }
}

/// An access of an oracle's subject, or a question its harness asked the kernel, with the answer.
public enum OracleProbe: Hashable, Sendable {
  case access(AccessKind, address: UInt64, value: UInt8?, outcome: AccessOutcome)
  case faults(minor: UInt64, major: UInt64)
  /// `mincore`'s bits: one per page, or the errno.
  case mincore(address: UInt64, length: UInt64, bits: [Bool], error: Errno?)
  case pagemap(address: UInt64, length: UInt64, states: [PageState])
  case vmFlags(address: UInt64, flags: [String])
  /// Sizes in kB by the names of `/proc/PID/status`.
  case status([String: UInt64])

  public enum AccessOutcome: UInt8, Hashable, Sendable {
    case done, segvMapError, segvAccessError, segvKernel, busAddressError
  }
  public enum PageState: UInt8, Hashable, Sendable {
    case absent, present, swapped
  }
}
