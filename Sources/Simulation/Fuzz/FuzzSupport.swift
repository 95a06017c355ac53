internal import Recordings

extension FuzzStep.Action {
  /// Whether the kernel built here knows the call: what it does not know is counted and asked of
  /// neither side, so that both stay equal.
  var isBuilt: Bool {
    guard case .call(let call) = self else { return true }
    return switch call.name {
    case .brk, .mmap, .munmap, .mprotect, .mremap, .remapFilePages, .mseal, .ftruncate: true
    case .madvise, .msync, .mlock, .mlock2, .munlock, .mlockall, .munlockall: true
    default: false
    }
  }
}
