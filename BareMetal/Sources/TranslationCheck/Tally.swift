public import Machine
public import MemoryTypes

/// What was asked and answered.
public struct Tally {
  public var ranges: UInt64 = 0
  public var changes: UInt64 = 0
  /// Changes after which pages, a range or an address space were forgotten, or all.
  public var forgotten: UInt64 = 0
  public var addresses: UInt64 = 0
  /// Instructions that only translate, and accesses that were made.
  public var translations: UInt64 = 0
  public var touches: UInt64 = 0
  public var damaged: UInt64 = 0
  public var hits: UInt64 = 0
  public var differences: UInt64 = 0
  /// Wrong bits that the plan asked for.
  public var planted: UInt64 = 0
  var kinds = InlineArray<10, Difference?>(repeating: nil)
  var kindCount = 0
  private var faults = InlineArray<8, UInt64>(repeating: 0)

  mutating func count(_ prediction: Prediction) {
    switch prediction {
    case .memory: hits += 1
    case .fault(let fault): faults[Int(fault.kind.rawValue)] += 1
    }
  }

  func write(to console: inout some TextSink) {
    console.write(decimal: ranges)
    console.write(" ranges, ")
    console.write(decimal: changes)
    console.write(" changes, ")
    console.write(decimal: forgotten)
    console.write(" invalidations, ")
    console.write(decimal: addresses)
    console.write(" addresses, ")
    console.write(decimal: translations + touches)
    console.write(" questions (")
    console.write(decimal: touches)
    console.write(" accesses made, ")
    console.write(decimal: damaged)
    console.write(" to damaged entries): ")
    console.write(decimal: hits)
    console.write(" hits")
    write(.translation, to: &console)
    write(.accessFlag, to: &console)
    write(.permission, to: &console)
    write(.addressSize, to: &console)
    write(.reservedBit, to: &console)
    console.write(", ")
    console.write(decimal: differences)
    console.write(" differences\n")
  }

  private func write(_ kind: MMUFault.Kind, to console: inout some TextSink) {
    let count = faults[Int(kind.rawValue)]
    guard count > 0 else { return }
    console.write(", ")
    console.write(decimal: count)
    console.write(kind.name)
  }
}

extension MMUFault.Kind {
  fileprivate var name: StaticString {
    switch self {
    case .translation: " translation faults"
    case .accessFlag: " access flag faults"
    case .permission: " permission faults"
    case .addressSize: " address size faults"
    case .reservedBit: " reserved bit faults"
    case .nonCanonical: " non-canonical addresses"
    case .externalAbort, .tableAbort: " aborts"
    }
  }
}
