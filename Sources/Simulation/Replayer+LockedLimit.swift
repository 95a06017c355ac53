internal import AddressSpaces
internal import KernelCore
internal import MemoryTypes
internal import Recordings

/// The limit of locked memory that an oracle's subject really had.
///
/// A log's header states the limit that its harness asked for. Without the privilege nobody gets above
/// the hard limit, which a kernel sets to 8 MiB unless told otherwise (Linux: `MLOCK_LIMIT`,
/// include/uapi/linux/resource.h), and the harness did not look. A call that was refused for want of
/// lockable memory, though it stays far below the header's limit, shows that the hard limit held.
extension Replayer {
  /// Takes the hard limit over when this call can only be explained by it.
  func learnLockedLimit(_ call: RecordedCall, _ task: Ref<Task>) {
    let space = task.pointee.space
    guard reader.header.source == .oracle, space.pointee.limits.locked > Self.hardLimit,
      wasRefused(call, space)
    else { return }
    for task in tasks.values {
      task.kernelTask.pointee.space.pointee.limits.locked = Self.hardLimit
    }
    computer.kernel.settings.limits.locked = Self.hardLimit
    report.adopted["hard limit of locked memory", default: 0] += 1
  }

  private static var hardLimit: ByteCount { ByteCount(8 << 20) }

  private func wasRefused(_ call: RecordedCall, _ space: Ref<AddressSpace>) -> Bool {
    let pageSize = computer.configuration.pageSize
    let locked = pageSize.bytes(in: space.pointee.accounts.locked)
    switch call.name {
    case .mmap where call.result == -Int64(Errno.EAGAIN.rawValue):
      return isBetween(locked, UInt(truncatingIfNeeded: call.arguments.a1), space)
    case .mlockall where call.result == -Int64(Errno.ENOMEM.rawValue):
      return call.arguments.a0 & 1 != 0
        && isBetween(pageSize.bytes(in: space.pointee.accounts.total), 0, space)
    case .mlock where call.result == -Int64(Errno.ENOMEM.rawValue),
      .mlock2 where call.result == -Int64(Errno.ENOMEM.rawValue):
      let start = VirtualAddress(UInt(truncatingIfNeeded: call.arguments.a0))
      let length = UInt(truncatingIfNeeded: call.arguments.a1)
      return isUsable(VirtualRange(start, count: ByteCount(length)), space)
        && isBetween(locked, length, space)
    default: return false
    }
  }

  /// Above the hard limit, and not above the one that the header states.
  private func isBetween(
    _ locked: ByteCount, _ more: UInt, _ space: Ref<AddressSpace>
  ) -> Bool {
    let (wanted, overflows) = locked.rawValue.addingReportingOverflow(more)
    return !overflows && wanted > Self.hardLimit.rawValue
      && wanted <= space.pointee.limits.locked.rawValue
  }

  /// Nothing but a limit can keep the range from being locked: anonymous memory without a hole, none of
  /// it locked yet, all of it accessible.
  private func isUsable(_ range: VirtualRange, _ space: Ref<AddressSpace>) -> Bool {
    var position = range.start
    while position < range.end {
      guard let vma = space.pointee.vmas.vma(at: position), vma.pointee.isAnonymous,
        !vma.pointee.flags.isDisjoint(with: .access), !vma.pointee.flags.contains(.locked)
      else { return false }
      position = vma.pointee.end
    }
    return true
  }
}
