import MemoryTypes

/// Why a machine did not boot.
public enum BootError: Error {
  case firmware(FirmwareError)
  /// Firmware names more ranges than there is room for before there is an allocator.
  case tooManyRanges
  case outOfMemory
  /// Something was not as it must be.
  case failed(StaticString)

  /// One line for the console.
  public var reason: StaticString {
    switch self {
    case .firmware(let error): error.reason
    case .tooManyRanges: "firmware names too many memory ranges"
    case .outOfMemory: "out of memory"
    case .failed(let reason): reason
    }
  }
}

/// Throws unless `condition` holds; `reason` says what is wrong otherwise.
func check(_ condition: Bool, orFail reason: StaticString) throws(BootError) {
  guard condition else { throw .failed(reason) }
}

/// Runs `body`, which may run out of memory.
func allocating<Result: ~Copyable>(
  _ body: () throws(AllocationError) -> Result
) throws(BootError) -> Result {
  do throws(AllocationError) { return try body() } catch { throw .outOfMemory }
}
