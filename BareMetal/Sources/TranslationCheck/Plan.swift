/// How much is done, and from which seed.
public struct Plan {
  public var seed: UInt64
  public var rounds = 20
  public var rangesPerRound = 500
  public var addressesPerRound = 5000
  /// Changes one descriptor between the model's answer and the hardware's, to show that it is seen.
  public var plantsWrongBit: Bool

  /// The plan that whoever started the machine left in RAM, at `address` as the image sees it:
  /// eight bytes of seed, then four that are not 0 for a wrong bit.
  public init(atAddress address: UInt) {
    // SAFETY: the image maps all of RAM, and nobody else uses this place.
    let left = unsafe UnsafeRawPointer(bitPattern: address).unsafelyUnwrapped
    seed = unsafe left.load(as: UInt64.self)
    plantsWrongBit = unsafe left.load(fromByteOffset: 8, as: UInt32.self) != 0
  }

  var addressesPerChange: Int { 25 }
  var spaceChanges: Int { 40 }
}
