/// What the kernel tells a program at its start, pairs of a type and a value; as `/proc/PID/auxv` has it.
///
/// Linux: `saved_auxv` of `mm_struct`, whose size is `AT_VECTOR_SIZE`.
public struct AuxiliaryVector: Sendable {
  /// Types and values by turns, ending in two zeros once it is closed.
  public private(set) var words = InlineArray<56, UInt>(repeating: 0)
  /// How many words are in use.
  public private(set) var count = 0

  public init() {}

  /// Adds a pair; one more than there is room for traps. Linux: `NEW_AUX_ENT`.
  public mutating func append(_ type: AuxiliaryType, _ value: UInt) {
    words[count] = type.rawValue
    words[count + 1] = value
    count += 2
  }

  /// The value of a type; nil where the vector has none.
  public func value(of type: AuxiliaryType) -> UInt? {
    var index = 0
    while index < count {
      if words[index] == type.rawValue { return words[index + 1] }
      index += 2
    }
    return nil
  }
}

/// The types of `<elf.h>`.
public enum AuxiliaryType: UInt, Sendable {
  case end = 0
  case programHeaders = 3
  case headerSize = 4
  case headerCount = 5
  case pageSize = 6
  case interpreterBase = 7
  case flags = 8
  case entry = 9
  case user = 11
  case effectiveUser = 12
  case group = 13
  case effectiveGroup = 14
  case platform = 15
  case hardwareCapabilities = 16
  case clockTicks = 17
  case isSecure = 23
  case randomBytes = 25
  case hardwareCapabilities2 = 26
  case restartableSize = 27
  case restartableAlignment = 28
  case fileName = 31
  case systemCallEntry = 32
  case kernelObject = 33
  case minimumSignalStack = 51
}
