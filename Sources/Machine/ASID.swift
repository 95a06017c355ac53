/// The number that tells the translations of one address space from those of another in a TLB.
///
/// 16 bits on arm64, 12 on x86-64 (there: PCID), always 0 on i386.
/// Linux: `mm->context.id`, `ASID()`.
@frozen
public struct ASID: Hashable, Sendable {
  public var rawValue: UInt16

  public init(_ rawValue: UInt16) { self.rawValue = rawValue }
}
