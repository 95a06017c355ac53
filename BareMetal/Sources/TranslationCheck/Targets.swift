public import MemoryTypes
internal import Machine
public import PhysicalMemory

/// RAM that accesses may reach: units of 16 bytes, each of which says where it stands.
///
///      0          4          8                  16
///     +----------+----------+--------------------+
///     |  trap    |  token   |  physical address  |
///     +----------+----------+--------------------+
///       an instruction that ends a fetch's probe
public struct Targets {
  public let range: PhysicalRange
  /// The instruction.
  public let trap: UInt32
  /// Where physical address 0 would stand in the image's own addresses.
  let window: UInt

  public init(_ range: PhysicalRange, trap: UInt32, window: UInt) {
    self.range = range
    self.trap = trap
    self.window = window
  }

  /// Writes each unit.
  public func fill() {
    var address = range.start.rawValue
    while address < range.end.rawValue {
      let unit = TargetUnit(address: PhysicalAddress(address), window: window)
      unit.reset(trap: trap)
      address += 16
    }
  }

  /// The unit at `address`, if it is one.
  func unit(at address: PhysicalAddress) -> TargetUnit? {
    guard range.start <= address, address < range.end, address.rawValue & 15 == 0 else {
      return nil
    }
    return TargetUnit(address: address, window: window)
  }
}

/// One unit of `Targets`, seen through the image's own mapping.
public struct TargetUnit {
  public let address: PhysicalAddress
  let window: UInt

  /// What the last store left.
  public var token: UInt32 {
    // SAFETY: the image maps all targets.
    unsafe pointer.load(fromByteOffset: 4, as: UInt32.self)
  }

  func reset(trap: UInt32) {
    // SAFETY: as above.
    unsafe pointer.storeBytes(of: trap, as: UInt32.self)
    unsafe pointer.storeBytes(of: 0, toByteOffset: 4, as: UInt32.self)
    unsafe pointer.storeBytes(of: address.rawValue, toByteOffset: 8, as: UInt64.self)
  }

  /// Readies it for the next store.
  func clearToken() { unsafe pointer.storeBytes(of: 0, toByteOffset: 4, as: UInt32.self) }

  private var pointer: UnsafeMutableRawPointer {
    let bits = UInt(truncatingIfNeeded: address.rawValue) &+ window
    return unsafe UnsafeMutableRawPointer(bitPattern: bits).unsafelyUnwrapped
  }
}
