public import AddressSpaces
public import MemoryTypes

/// The options of `prctl` that are about memory.
extension Kernel {
  /// - Throws: `EINVAL` also for an option that is not about memory, or is not built.
  ///
  /// Linux: the `prctl` system call, kernel/sys.c.
  mutating func prctl(_ task: Ref<Task>, _ words: CallArguments) throws(Errno) {
    switch UInt32(truncatingIfNeeded: words[0]) {
    case 35:
      try setImageBound(
        task, option: words[1], address: words[2], third: words[3], fourth: words[4])
    case 0x5356_4d41:
      guard services.pointee.features.contains(.areaNames) else { throw .EINVAL }
      try setName(
        task, option: words[1], address: words[2], length: words[3],
        name: words[1] == 0 ? try loadName(task, words[4]) : .none)
    default: throw .EINVAL
    }
  }

  /// The name that stands at a program's pointer, up to its zero.
  ///
  /// - Throws: `EFAULT` where it cannot be read.
  ///
  /// Linux: `strndup_user()`, mm/util.c.
  private mutating func loadName(_ task: Ref<Task>, _ address: UInt) throws(Errno) -> AreaNameText {
    guard address != 0 else { return .none }
    var bytes = InlineArray<80, UInt8>(repeating: 0)
    for index in bytes.indices {
      bytes[index] = try load(task, address &+ UInt(index))
      if bytes[index] == 0 { return AreaNameText(bytes.span.extracting(0..<index)) }
    }
    return .invalid
  }

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
