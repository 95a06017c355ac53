internal import AddressSpaces
internal import KernelCore
internal import Machine
internal import MemoryTypes
internal import PageTables

/// One entry of the page tables that a walk reads.
struct TableStep: Equatable {
  var level: TranslationLevel
  /// Linux calls the topmost level pgd, whatever stands below it.
  var isRoot: Bool
  var index: UInt
  var entry: PhysicalAddress
  var descriptor: UInt64
  var outcome: TranslationWalk.Outcome
  /// What a leaf allows, and the byte it leads to.
  var leaf: String

  /// The entries from the root down to the one that decides about `address`; empty for an address that
  /// the format does not translate.
  static func steps(
    of address: UInt64, in space: Ref<AddressSpace>, _ computer: Computer
  ) -> [TableStep] {
    let format = computer.kernel.services.pointee.format
    let virtual = VirtualAddress(UInt(truncatingIfNeeded: address))
    guard format.isCanonical(virtual) else { return [] }
    var steps: [TableStep] = []
    var level = format.root
    while true {
      let walk = format.walk(
        virtual, from: space.pointee.tables.root, downTo: level, in: computer.hardware.directMap)
      guard walk.level == level else { return steps }
      steps.append(TableStep(walk, virtual, format))
      guard level > .pte else { return steps }
      level = level.below
    }
  }

  private init(_ walk: TranslationWalk, _ address: VirtualAddress, _ format: TranslationFormat) {
    level = walk.level
    isRoot = walk.level == format.root
    index = format.index(of: address, at: walk.level)
    entry = walk.entry
    descriptor = walk.descriptor
    outcome = walk.outcome
    leaf = ""
    if walk.outcome == .leaf {
      let physical = format.physicalAddress(of: address, in: walk)
      leaf =
        "\(Self.letters(format.effectiveAttributes(of: walk))) -> "
        + CallText.hex(UInt64(physical.rawValue))
    }
  }

  private static func letters(_ attributes: LeafAttributes) -> String {
    (attributes.contains(.read) ? "r" : "-") + (attributes.contains(.write) ? "w" : "-")
      + (attributes.contains(.execute) ? "x" : "-")
      + (attributes.contains(.accessed) ? " accessed" : "")
      + (attributes.contains(.dirty) ? " dirty" : "")
  }

  var text: String {
    let place = "\(name)[\(index)] at \(CallText.hex(UInt64(entry.rawValue)))"
    switch outcome {
    case .leaf: return "\(place) = \(CallText.hex(descriptor)): \(leaf)"
    case .empty: return "\(place) = 0: empty"
    case .malformed: return "\(place) = \(CallText.hex(descriptor)): table"
    default: return "\(place) = \(CallText.hex(descriptor)): \(outcome)"
    }
  }

  private var name: String {
    isRoot ? "pgd" : ["pte", "pmd", "pud", "p4d", "pgd"][Int(level.rawValue)]
  }
}
