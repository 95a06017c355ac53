internal import Recordings

extension FuzzStep.Action {
  /// Whether the kernel built here knows the call: what it does not know is counted and asked of
  /// neither side, so that both stay equal.
  var isBuilt: Bool {
    switch self {
    case .call(let call): call.isBuilt
    case .load, .store, .fork, .exit: true
    case .mincore, .pagemap, .faults, .vmFlags, .status: false
    }
  }
}

extension RecordedCall {
  fileprivate var isBuilt: Bool {
    switch name {
    case .brk, .mmap, .munmap, .mprotect: true
    // Duplicates of old size 0, and MREMAP_DONTUNMAP.
    case .mremap: arguments.a1 != 0 && arguments.a3 & 4 == 0
    default: false
    }
  }
}
