public import AddressSpaces
public import MemoryTypes

/// The options of `prctl` that are about memory.
extension Kernel {
  /// Names anonymous memory.
  ///
  /// - Parameters:
  ///   - option: `PR_SET_VMA_ANON_NAME` (0); others are `EINVAL`.
  ///   - name: The characters at the program's pointer; nil for a null pointer, which takes the name
  ///     away.
  /// - Throws: `EINVAL` also for a name too long or with a character that is not allowed, and on a
  ///   kernel without names.
  ///
  /// Linux: `prctl_set_vma()`, kernel/sys.c.
  public mutating func setName(
    _ task: Ref<Task>, option: UInt, address: UInt, length: UInt, name: AreaNameText
  ) throws(Errno) {
    guard option == 0 else { throw .EINVAL }
    let areaName: AreaName?
    switch name {
    case .none: areaName = nil
    case .valid(let text): areaName = text
    case .invalid: throw .EINVAL
    }
    try inSpace(task.pointee.space) { space throws(MapError) in
      try space.setName(VirtualAddress(address), ByteCount(length), areaName)
    }
  }

  /// Moves a bound of the program's image.
  ///
  /// - Parameters:
  ///   - option: `PR_SET_MM_START_CODE` (1) to `PR_SET_MM_ENV_END` (11). What replaces the whole map,
  ///     the auxiliary vector or the executable is refused: `EINVAL`.
  ///   - third, fourth: Must be 0.
  ///
  /// Linux: `prctl_set_mm()`, kernel/sys.c.
  public mutating func setImageBound(
    _ task: Ref<Task>, option: UInt, address: UInt, third: UInt, fourth: UInt
  ) throws(Errno) {
    guard fourth == 0, third == 0 else { throw .EINVAL }
    try inSpace(task.pointee.space) { space throws(MapError) in
      try space.setBound(option, VirtualAddress(address))
    }
  }

  /// Processors here see each other's stores in order, and there is nothing to wait for: the call is
  /// refused rather than pretended.
  ///
  /// - Throws: `ENOSYS`, as a kernel without `CONFIG_MEMBARRIER` answers.
  ///
  /// Linux: `membarrier`, kernel/sched/membarrier.c.
  public func membarrier(command: UInt, flags: UInt) throws(Errno) -> UInt { throw .ENOSYS }
}

/// The name argument of `PR_SET_VMA_ANON_NAME`, read from the program's memory.
public enum AreaNameText: Sendable {
  case none
  case valid(AreaName)
  /// Too long, or with a character that is not allowed.
  case invalid

  /// The text of a name, without the zero at its end.
  public init(_ text: borrowing Span<UInt8>) {
    if let name = AreaName(text) { self = .valid(name) } else { self = .invalid }
  }
}
