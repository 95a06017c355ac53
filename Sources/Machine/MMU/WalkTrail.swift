internal import MemoryTypes

/// The entries that a walk read, by level: what they cost is asked afterwards, and what pointed to
/// tables goes into the walk caches.
struct WalkTrail {
  private var steps: InlineArray<5, Step> = InlineArray(repeating: Step())
  /// The levels of the first and the last step.
  private(set) var top = TranslationLevel(0)
  private(set) var bottom = TranslationLevel(0)
  private(set) var isEmpty = true

  struct Step {
    var entry = PhysicalAddress(0)
    var descriptor: UInt64 = 0
    /// What the tables above the next one take away.
    var limits: UInt64 = 0
  }

  subscript(level: TranslationLevel) -> Step { steps[Int(level.rawValue)] }

  @inline(__always)
  mutating func append(_ walk: TranslationWalk, limits: UInt64) {
    if isEmpty { top = walk.level }
    isEmpty = false
    bottom = walk.level
    steps[Int(walk.level.rawValue)] = Step(
      entry: walk.entry, descriptor: walk.descriptor, limits: limits)
  }
}

/// What pointers to tables take away, as bits that fit below the address of a table.
enum WalkLimits {
  private static var noWrite: UInt64 { 1 << 0 }
  private static var noUser: UInt64 { 1 << 1 }
  private static var noUserExecute: UInt64 { 1 << 2 }
  private static var noKernelExecute: UInt64 { 1 << 3 }
  /// Set in all: so that no entry of a cache is 0.
  private static var known: UInt64 { 1 << 4 }

  @inline(__always)
  static func limits(_ walk: TranslationWalk, _ format: Ref<TranslationFormat>) -> UInt64 {
    let bits = format.pointee.bits
    var limits = known
    if walk.common & bits.tableWritable != bits.tableWritable { limits |= noWrite }
    if walk.union & bits.tableReadOnly != 0 { limits |= noWrite }
    if walk.common & bits.tableUser != bits.tableUser { limits |= noUser }
    if walk.union & bits.tableNoUser != 0 { limits |= noUser }
    if walk.union & bits.tableNoExecuteUser != 0 { limits |= noUserExecute }
    if walk.union & bits.tableNoExecuteKernel != 0 { limits |= noKernelExecute }
    return limits
  }

  /// Adds `limits` to what the walk itself met.
  @inline(__always)
  static func apply(
    _ limits: UInt64, to walk: inout TranslationWalk, _ format: Ref<TranslationFormat>
  ) {
    guard limits & ~known != 0 else { return }
    let bits = format.pointee.bits
    if limits & noWrite != 0 {
      walk.common &= ~bits.tableWritable
      walk.union |= bits.tableReadOnly
    }
    if limits & noUser != 0 {
      walk.common &= ~bits.tableUser
      walk.union |= bits.tableNoUser
    }
    if limits & noUserExecute != 0 { walk.union |= bits.tableNoExecuteUser }
    if limits & noKernelExecute != 0 { walk.union |= bits.tableNoExecuteKernel }
  }
}
