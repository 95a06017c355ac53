internal import AddressSpaces
public import MemoryTypes

/// `madvise` and its relatives.
extension Kernel {
  /// Linux: `madvise`, mm/madvise.c.
  public mutating func madvise(
    _ task: Ref<Task>, address: UInt, length: UInt, advice: UInt
  ) throws(Errno) {
    let space = task.pointee.space
    try locked(space) { () throws(MapError) in
      try space.madvise(
        VirtualAddress(address), ByteCount(length), Int32(truncatingIfNeeded: advice)
      ) { flush($0) }
    }
  }

  /// Runs `body` with the address space locked, then flushes what it made stale, success or not.
  func locked(
    _ space: Ref<AddressSpace>, _ body: () throws(MapError) -> Void
  ) throws(Errno) {
    space.pointee.mmapLock.lock()
    defer {
      flush(space)
      space.pointee.mmapLock.unlock()
    }
    do throws(MapError) { try body() } catch { throw Errno(error) }
  }

  /// Advises several ranges of a process's memory.
  ///
  /// - Parameters:
  ///   - target: The process behind the descriptor.
  ///   - ranges: At most 1024.
  ///   - flags: Must be 0.
  /// - Returns: The bytes advised: fewer than asked for when a range was refused after others.
  /// - Throws: `EBADF` for a descriptor of no process, `ESRCH` for one that has ended; `EINVAL` for flags, too many ranges or an advice that is not for others; `EPERM` for
  ///   another's memory without the privilege; else what `madvise` says of the first range.
  ///
  /// Linux: `process_madvise`, mm/madvise.c.
  public mutating func processMadvise(
    _ task: Ref<Task>, target: AdvisedProcess, ranges: borrowing Span<UserRange>, advice: UInt,
    flags: UInt
  ) throws(Errno) -> UInt {
    guard flags == 0, ranges.count <= 1024 else { throw .EINVAL }
    let target = try target.task
    try checkAdvice(Int32(truncatingIfNeeded: advice), task, target)
    var done: UInt = 0
    for index in 0..<ranges.count {
      let range = ranges[index]
      do throws(Errno) {
        try madvise(target, address: range.address, length: range.length, advice: advice)
      } catch {
        guard done > 0 else { throw error }
        break
      }
      done &+= range.length
    }
    return done
  }

  private func checkAdvice(
    _ number: Int32, _ task: Ref<Task>, _ target: Ref<Task>
  ) throws(Errno) {
    let isOwn = task.pointee.space == target.pointee.space
    let advice = Advice(rawValue: number)
    if !(isOwn && services.pointee.rules.contains(.advisesItselfFreely)) {
      guard advice?.isForOthers ?? false else { throw .EINVAL }
    }
    let privileges = task.pointee.space.pointee.limits.privileges
    guard isOwn || privileges.contains(.priorities) else { throw .EPERM }
  }
}

/// What a process descriptor stands for. Linux: `pidfd_get_task()`, kernel/pid.c.
public enum AdvisedProcess: Sendable {
  /// Not open, or not of a process.
  case none
  /// A process that is no more.
  case ended
  case task(Ref<Task>)

  fileprivate var task: Ref<Task> {
    get throws(Errno) {
      switch self {
      case .none: throw .EBADF
      case .ended: throw .ESRCH
      case .task(let task): return task
      }
    }
  }
}

/// A piece of a program's memory as it names it itself. Linux: `struct iovec`.
public struct UserRange: Hashable, Sendable {
  public var address: UInt
  public var length: UInt

  public init(address: UInt, length: UInt) {
    self.address = address
    self.length = length
  }
}
