public import Machine
public import MemoryTypes

/// What both sides are asked.
public struct Question {
  public var address: VirtualAddress
  public var access: MemoryAccess
  public var privilege: Privilege
}

/// What one side says, in the architecture's own words, so that two can be compared bit by bit.
public struct Answer: Equatable {
  /// Where the byte stands; at a fault the address that the architecture reports, or 0.
  public var place: UInt64
  /// How memory is reached, or the fault's syndrome.
  public var status: UInt32
  public var isFault: Bool

  public init(place: UInt64, status: UInt32 = 0) {
    self.place = place
    self.status = status
    isFault = false
  }

  public init(fault status: UInt32, at address: UInt64 = 0) {
    place = address
    self.status = status
    isFault = true
  }
}

/// What the model answers.
public enum Prediction {
  /// Where the byte stands, and what the leaf says about the memory.
  case memory(PhysicalAddress, LeafAttributes)
  case fault(MMUFault)

  public var physical: PhysicalAddress? {
    guard case .memory(let address, _) = self else { return nil }
    return address
  }
}
