/// A system call that the kernel answers, whatever number the architecture gives it.
public enum SystemCall: UInt8, CaseIterable, Hashable, Sendable {
  case brk, mmap, munmap, mprotect, mremap, remapFilePages, mseal
  case madvise, processMadvise, msync, mincore
  case mlock, mlock2, munlock, mlockall, munlockall
  case pkeyAlloc, pkeyFree, pkeyMprotect
  case ftruncate, prctl, setrlimit, membarrier

  /// The name that its manual page has.
  public var name: StaticString {
    switch self {
    case .brk: "brk"
    case .mmap: "mmap"
    case .munmap: "munmap"
    case .mprotect: "mprotect"
    case .mremap: "mremap"
    case .remapFilePages: "remap_file_pages"
    case .mseal: "mseal"
    case .madvise: "madvise"
    case .processMadvise: "process_madvise"
    case .msync: "msync"
    case .mincore: "mincore"
    case .mlock: "mlock"
    case .mlock2: "mlock2"
    case .munlock: "munlock"
    case .mlockall: "mlockall"
    case .munlockall: "munlockall"
    case .pkeyAlloc: "pkey_alloc"
    case .pkeyFree: "pkey_free"
    case .pkeyMprotect: "pkey_mprotect"
    case .ftruncate: "ftruncate"
    case .prctl: "prctl"
    case .setrlimit: "setrlimit"
    case .membarrier: "membarrier"
    }
  }
}

/// The registers of a system call, and what the descriptor among them stands for: descriptors are not the
/// memory manager's, so whoever keeps them has looked it up.
///
/// Two calls have here in registers what a program passes otherwise: `mmap` its offset in bytes, on 32
/// bits too, and `setrlimit` the two limits in the place of the pointer to them.
public struct CallArguments: Sendable {
  public var a0: UInt64 = 0
  public var a1: UInt64 = 0
  public var a2: UInt64 = 0
  public var a3: UInt64 = 0
  public var a4: UInt64 = 0
  public var a5: UInt64 = 0
  /// Of `mmap` and `ftruncate`.
  public var file = OpenFile.none
  /// Of `process_madvise`.
  public var process = AdvisedProcess.none

  public init(
    _ a0: UInt64 = 0, _ a1: UInt64 = 0, _ a2: UInt64 = 0, _ a3: UInt64 = 0, _ a4: UInt64 = 0,
    _ a5: UInt64 = 0, file: OpenFile = .none, process: AdvisedProcess = .none
  ) {
    (self.a0, self.a1, self.a2, self.a3, self.a4, self.a5) = (a0, a1, a2, a3, a4, a5)
    self.file = file
    self.process = process
  }

  /// A register as the kernel has it, of the machine's width; those beyond the sixth are 0.
  subscript(index: Int) -> UInt {
    let word =
      switch index {
      case 0: a0
      case 1: a1
      case 2: a2
      case 3: a3
      case 4: a4
      case 5: a5
      default: UInt64(0)
      }
    return UInt(truncatingIfNeeded: word)
  }
}
