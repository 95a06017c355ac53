public import KernelHeap

extension SlabDesign {
  /// The designs that a machine can have, in the order they are told.
  public static var available: [SlabDesign] { [.slub, .slab, .slob] }

  /// As options write it; nil for another word.
  public init?(name: String) {
    guard let design = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = design
  }

  /// `slub`, `slab` or `slob`.
  public var name: String {
    switch self {
    case .slub: "slub"
    case .slab: "slab"
    case .slob: "slob"
    }
  }
}
