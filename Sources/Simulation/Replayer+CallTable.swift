internal import AddressSpaces
internal import KernelCore
internal import MemoryTypes
internal import Recordings

/// Which recorded calls the kernel can be asked to perform.
extension Replayer {
  /// Whether the registers tell the whole call.
  ///
  /// `PR_SET_VMA`: a recording has the pointer to a name, not the name. Such a call is performed only where
  /// it takes a name away, or where the kernel knows none.
  func isTold(_ call: RecordedCall) -> Bool {
    guard call.name == .prctl else { return true }
    switch call.arguments.a0 {
    case 35: return true
    case 0x5356_4d41:
      learnNames(call)
      let hasNames = computer.kernel.services.pointee.features.contains(.areaNames)
      return call.arguments.a4 == 0 || !hasNames
    default: return false
    }
  }

  /// A kernel that refuses to take a name away, or any name at a good range, was built without names.
  private func learnNames(_ call: RecordedCall) {
    let features = computer.kernel.services.pointee.features
    guard features.contains(.areaNames), call.arguments.a1 == 0,
      call.arguments.a2 & UInt64(computer.configuration.pageSize.offsetMask) == 0,
      call.result == -Int64(Errno.EINVAL.rawValue)
    else { return }
    computer.kernel.services.pointee.features.remove(.areaNames)
    report.adopted["kernel without names of areas", default: 0] += 1
  }
}

extension RecordedCall {
  /// Whether its descriptor counts: an anonymous mapping's does not.
  var namesFile: Bool {
    switch name {
    case .mmap: !MapFlags(rawValue: UInt32(truncatingIfNeeded: arguments.a3)).contains(.anonymous)
    case .ftruncate: true
    default: false
    }
  }
}

extension SystemCall {
  /// nil for a call that is not built yet, or whose arguments lie in memory that no recording has.
  init?(_ name: CallName) {
    switch name {
    case .brk: self = .brk
    case .mmap: self = .mmap
    case .munmap: self = .munmap
    case .mprotect: self = .mprotect
    case .mremap: self = .mremap
    case .remapFilePages: self = .remapFilePages
    case .mseal: self = .mseal
    case .madvise: self = .madvise
    case .msync: self = .msync
    case .mincore: self = .mincore
    case .mlock: self = .mlock
    case .mlock2: self = .mlock2
    case .munlock: self = .munlock
    case .mlockall: self = .mlockall
    case .munlockall: self = .munlockall
    case .pkeyAlloc: self = .pkeyAlloc
    case .pkeyFree: self = .pkeyFree
    case .pkeyMprotect: self = .pkeyMprotect
    case .ftruncate: self = .ftruncate
    case .prctl: self = .prctl
    case .setrlimit: self = .setrlimit
    default: return nil
    }
  }
}
