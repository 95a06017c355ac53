internal import AddressSpaces
internal import KernelCore
internal import MemoryTypes
internal import Recordings

/// The calls that neither place nor move memory.
extension Replayer {
  /// The raw result; nil for a call that is not built yet, or that cannot be told from its registers.
  func performOther(_ call: RecordedCall, _ task: Ref<Task>) -> Int64? {
    let (address, length) = (UInt(call.arguments.a0), UInt(call.arguments.a1))
    let third = UInt(call.arguments.a2)
    return switch call.name {
    case .madvise:
      done { () throws(Errno) in
        try computer.kernel.madvise(task, address: address, length: length, advice: third)
      }
    case .mlock, .mlock2, .munlock, .mlockall, .munlockall: performLock(call, task)
    case .msync:
      done { () throws(Errno) in
        try computer.kernel.msync(task, address: address, length: length, flags: third)
      }
    case .mincore:
      done { () throws(Errno) in
        try computer.kernel.mincore(task, address: address, length: length, vector: third) { _ in }
      }
    case .pkeyAlloc, .pkeyFree, .pkeyMprotect: performKey(call, task)
    case .prctl: performControl(call, task)
    case .setrlimit:
      done { () throws(Errno) in
        try computer.kernel.setrlimit(task, resource: address, current: length, highest: third)
      }
    default: nil
    }
  }

  private func performLock(_ call: RecordedCall, _ task: Ref<Task>) -> Int64 {
    let (first, second) = (UInt(call.arguments.a0), UInt(call.arguments.a1))
    return done { () throws(Errno) in
      switch call.name {
      case .mlock: try computer.kernel.mlock(task, address: first, length: second)
      case .mlock2:
        try computer.kernel.mlock2(
          task, address: first, length: second, flags: UInt(call.arguments.a2))
      case .munlock: try computer.kernel.munlock(task, address: first, length: second)
      case .mlockall: try computer.kernel.mlockall(task, flags: first)
      default: try computer.kernel.munlockall(task)
      }
    }
  }

  private func performKey(_ call: RecordedCall, _ task: Ref<Task>) -> Int64 {
    let arguments = call.arguments
    return raw { () throws(Errno) in
      switch call.name {
      case .pkeyAlloc:
        return try computer.kernel.pkeyAlloc(
          task, flags: UInt(arguments.a0), rights: UInt(arguments.a1))
      case .pkeyFree: try computer.kernel.pkeyFree(task, key: UInt(arguments.a0))
      default:
        try computer.kernel.pkeyMprotect(
          task, address: UInt(arguments.a0), length: UInt(arguments.a1),
          protection: UInt(arguments.a2), key: UInt(arguments.a3))
      }
      return 0
    }
  }

  /// `PR_SET_MM` and `PR_SET_VMA`. A recording has the pointer to a name, not the name: such a call is
  /// performed only where it takes a name away, or where the kernel knows none.
  private func performControl(_ call: RecordedCall, _ task: Ref<Task>) -> Int64? {
    let arguments = call.arguments
    switch arguments.a0 {
    case 35:
      return done { () throws(Errno) in
        try computer.kernel.setImageBound(
          task, option: UInt(arguments.a1), address: UInt(arguments.a2),
          third: UInt(arguments.a3), fourth: UInt(arguments.a4))
      }
    case 0x5356_4d41:
      learnNames(call)
      let hasNames = computer.kernel.services.pointee.features.contains(.areaNames)
      guard arguments.a4 == 0 || !hasNames else { return nil }
      return done { () throws(Errno) in
        try computer.kernel.setName(
          task, option: UInt(arguments.a1), address: UInt(arguments.a2),
          length: UInt(arguments.a3), name: .none)
      }
    default: return nil
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

  private func done(_ body: () throws(Errno) -> Void) -> Int64 {
    raw { () throws(Errno) in
      try body()
      return 0
    }
  }
}
