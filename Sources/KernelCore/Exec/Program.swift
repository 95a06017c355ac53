public import AddressSpaces
public import MemoryTypes

/// What `execve` is asked to run.
public struct Program: Sendable {
  public var file: Ref<MappedFile>
  /// The file that the program names as its interpreter, opened; nil where it names none.
  public var interpreter: Ref<MappedFile>?

  public init(file: Ref<MappedFile>, interpreter: Ref<MappedFile>? = nil) {
    self.file = file
    self.interpreter = interpreter
  }
}

/// What a program is told at its start by somebody outside memory management.
public struct ProcessFacts: Hashable, Sendable {
  public var user: UInt = 0
  public var group: UInt = 0
  public var isSecure = false
  /// `AT_HWCAP` and `AT_HWCAP2`.
  public var hardwareCapabilities: UInt = 0
  public var hardwareCapabilities2: UInt = 0
  /// `AT_MINSIGSTKSZ` in bytes; 0 leaves it out. Linux: `get_sigframe_size()`.
  public var minimumSignalStack: UInt = 0
  /// The sixteen bytes that `AT_RANDOM` points to, lowest first.
  public var random: (low: UInt64, high: UInt64) {
    get { (randomLow, randomHigh) }
    set { (randomLow, randomHigh) = newValue }
  }

  private var randomLow: UInt64 = 0
  private var randomHigh: UInt64 = 0

  public init() {}
}

/// Where a program begins to run.
public struct ProgramStart: Hashable, Sendable {
  public var entry: VirtualAddress
  public var stackPointer: VirtualAddress

  public init(entry: VirtualAddress, stackPointer: VirtualAddress) {
    self.entry = entry
    self.stackPointer = stackPointer
  }
}
