internal import AddressSpaces
public import MemoryTypes

/// The limits of a process that memory depends on, by the numbers of `setrlimit`.
public enum LimitedResource: UInt, Sendable {
  case data = 2
  case stack = 3
  case locked = 8
  case addressSpace = 9

  /// Limits that there are in all. Linux: `RLIM_NLIMITS`.
  public static var count: UInt { 16 }
}

extension Kernel {
  /// Sets a limit of the process. What it has already stays, however low the limit.
  ///
  /// - Parameters:
  ///   - resource: As in `setrlimit`; those that memory does not depend on are accepted.
  ///   - current, highest: In bytes; `UInt.max` for none.
  /// - Throws: `EINVAL` for an unknown resource or a limit above the highest, `EPERM` for raising the
  ///   highest without the privilege.
  ///
  /// Linux: `do_prlimit()`, kernel/sys.c.
  public mutating func setrlimit(
    _ task: Ref<Task>, resource: UInt, current: UInt, highest: UInt
  ) throws(Errno) {
    guard resource < LimitedResource.count, current <= highest else { throw .EINVAL }
    guard let limited = LimitedResource(rawValue: resource) else { return }
    let space = task.pointee.space
    space.pointee.mmapLock.lock()
    defer { space.pointee.mmapLock.unlock() }
    guard space.pointee.limits.set(limited, ByteCount(current), highest: ByteCount(highest)) else {
      throw .EPERM
    }
  }
}

extension ResourceLimits {
  /// Whether the limit could be set: only who is privileged raises a hard one.
  fileprivate mutating func set(
    _ resource: LimitedResource, _ current: ByteCount, highest new: ByteCount
  ) -> Bool {
    let old =
      switch resource {
      case .data: highest.data
      case .stack: highest.stack
      case .locked: highest.locked
      case .addressSpace: highest.addressSpace
      }
    guard new <= old || privileges.contains(.resources) else { return false }
    switch resource {
    case .data: (data, highest.data) = (current, new)
    case .stack: (stack, highest.stack) = (current, new)
    case .locked: (locked, highest.locked) = (current, new)
    case .addressSpace: (addressSpace, highest.addressSpace) = (current, new)
    }
    return true
  }
}
