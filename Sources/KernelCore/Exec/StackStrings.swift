internal import MemoryTypes

/// Where the strings of a new program stand, at the top of its stack.
///
/// ```
///   start                 environmentStart            pathStart             top
///   | argument strings    | environment strings       | path of the program | a word of zeros |
/// ```
/// Linux: `bprm->p`, `copy_strings()`, fs/exec.c.
struct StackStrings {
  let start: VirtualAddress
  let environmentStart: VirtualAddress
  let pathStart: VirtualAddress
  let argumentCount: UInt
  let environmentCount: UInt
  let wordSize: UInt
  private let size: UInt
  private let longest: UInt

  init(
    path: borrowing Span<UInt8>, arguments: borrowing Span<UInt8>,
    environment: borrowing Span<UInt8>, top: VirtualAddress, wordSize: UInt
  ) {
    self.wordSize = wordSize
    // A program without arguments gets an empty one.
    let argumentSize = max(1, UInt(arguments.count))
    size = wordSize &+ UInt(path.count) &+ 1 &+ UInt(environment.count) &+ argumentSize
    pathStart = VirtualAddress(top.rawValue &- wordSize &- UInt(path.count) &- 1)
    environmentStart = VirtualAddress(pathStart.rawValue &- UInt(environment.count))
    start = VirtualAddress(environmentStart.rawValue &- argumentSize)
    argumentCount = max(1, Self.count(arguments))
    environmentCount = Self.count(environment)
    longest = max(Self.longest(arguments), Self.longest(environment))
  }

  /// Whether each string has at most 32 pages, and all with the pointers to them fit a quarter of the
  /// stack, at least 128 KiB and at most 6 MiB. Linux: `MAX_ARG_STRLEN`; `bprm_stack_limits()`.
  func fit(_ stackLimit: ByteCount, _ pageSize: PageSize) -> Bool {
    guard longest <= 32 * pageSize.bytes.rawValue else { return false }
    let limit = max(min(stackLimit.rawValue / 4, 6 << 20), 128 << 10)
    let pointers = (argumentCount &+ environmentCount) &* wordSize
    return pointers < limit && size <= limit - pointers
  }

  private static func count(_ strings: borrowing Span<UInt8>) -> UInt {
    var count: UInt = 0
    for index in 0..<strings.count where strings[index] == 0 { count += 1 }
    return count
  }

  /// The longest string with its zero, in bytes.
  private static func longest(_ strings: borrowing Span<UInt8>) -> UInt {
    var (longest, length): (UInt, UInt) = (0, 0)
    for index in 0..<strings.count {
      length += 1
      longest = max(longest, length)
      if strings[index] == 0 { length = 0 }
    }
    return longest
  }
}
