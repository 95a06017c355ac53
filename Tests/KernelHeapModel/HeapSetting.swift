public import KernelHeap

/// What a heap can be booted with.
public struct HeapSetting: Sendable, CustomStringConvertible {
  public enum Kind: String, CaseIterable, Sendable {
    case usual
    case randomised
    case hardened
    case watched
    case spare
    case withoutPerCPUPartialSlabs
  }

  public let design: SlabDesign
  public let kind: Kind

  /// Each design as it usually is, and with each option that means something to it.
  public static var all: [HeapSetting] {
    SlabDesign.allCases.flatMap { design in
      Kind.allCases.filter { means($0, design) }.map { HeapSetting(design: design, kind: $0) }
    }
  }

  private static func means(_ kind: Kind, _ design: SlabDesign) -> Bool {
    switch kind {
    case .usual: true
    case .randomised: design.abilities.contains(.randomOrder)
    case .hardened: design.abilities.contains(.mangledLinks)
    case .watched: design.abilities.contains(.watching)
    case .spare, .withoutPerCPUPartialSlabs: design == .slub
    }
  }

  public var description: String { "\(design), \(kind)" }

  /// A watched heap that finds something ends the process: nobody listens.
  public var options: HeapOptions {
    var options = HeapOptions(design: design)
    switch kind {
    case .usual: break
    case .randomised: options.randomisesFreeLists = true
    case .hardened: options.hardensFreeLists = true
    case .spare: options.spareObjects = 40
    case .watched: options.debugging = .fullDebugging
    case .withoutPerCPUPartialSlabs: options.hasPerCPUPartialSlabs = false
    }
    return options
  }
}
