internal import Machine
internal import MemoryTypes

extension ReplayReport {
  /// The work of the translation lookaside buffers of all processors.
  public struct TLBFigures: Codable, Sendable {
    /// Translations found on either level.
    public var hits: UInt64 = 0
    /// Those that took a walk.
    public var misses: UInt64 = 0
    public var invalidations: UInt64 = 0
    /// How often one processor made another forget something.
    public var shootdowns: UInt64 = 0
    /// By size of the page, smallest first; 0 bytes for walks that ended in a fault.
    public var sizes: [TLBSize] = []

    public init() {}
  }

  /// What translations of pages of one size came to.
  public struct TLBSize: Codable, Sendable {
    public var bytes: UInt64 = 0
    public var instructionHits: UInt64 = 0
    public var dataHits: UInt64 = 0
    public var secondLevelHits: UInt64 = 0
    public var walks: UInt64 = 0
    /// Table entries that the walks read.
    public var references: UInt64 = 0
    /// What all that was no hit of the first level cost, in cycles of the modelled processor.
    public var cycles: UInt64 = 0
  }
}

extension Computer {
  /// The sums over all processors.
  var tlbFigures: ReplayReport.TLBFigures {
    var figures = ReplayReport.TLBFigures()
    for shift in 0..<64 {
      var counts = TranslationCounts()
      for index in 0..<configuration.processors {
        counts += hardware.processor(index).mmu.pointee.tlb.counts(ofShift: shift)
      }
      figures.hits += counts.firstHits + counts.secondHits
      figures.misses += counts.walks
      if counts != TranslationCounts() { figures.sizes.append(.init(shift, counts)) }
    }
    figures.invalidations = hardware.invalidations.total
    figures.shootdowns = hardware.invalidations.shootdowns
    return figures
  }
}

extension ReplayReport.TLBSize {
  fileprivate init(_ shift: Int, _ counts: TranslationCounts) {
    bytes = shift == 0 ? 0 : 1 << UInt64(shift)
    instructionHits = counts.instructionHits
    dataHits = counts.dataHits
    secondLevelHits = counts.secondHits
    walks = counts.walks
    references = counts.references
    cycles = counts.cycles
  }
}
