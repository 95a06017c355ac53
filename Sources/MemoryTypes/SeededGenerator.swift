/// A repeatable source of numbers that look random: the same seed gives the same sequence on
/// every machine.
///
/// SplitMix64 (Steele, Lea and Flood 2014): one word of state, every seed is good, period 2^64.
/// Not for secrets.
@frozen
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  @inline(__always)
  public init(seed: UInt64) {
    state = seed
  }

  /// The next 64 bits of the sequence.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A number from 0 to `bound - 1`, for a bound of at least 1.
  ///
  /// Takes one draw and no division. The unevenness is below `bound`/2^32.
  public mutating func next(below bound: UInt32) -> UInt32 {
    precondition(bound > 0, "a bound of 0 leaves no number to draw")
    let draw = next() >> 32
    return UInt32(truncatingIfNeeded: (draw &* UInt64(bound)) >> 32)
  }
}
