/// What one processor has between an address and its tables, as data.
@frozen
public struct TLBModel: Hashable, Sendable {
  public var instruction: TLBLevelGeometry
  public var data: TLBLevelGeometry
  /// The second level, for both sides or for data only.
  public var second: TLBLevelGeometry
  /// The instructions' own second level, where they have one.
  public var secondInstruction: TLBLevelGeometry
  public var walkCaches: WalkCacheGeometry
  /// Cycles that a look-up in the second level adds to a miss in the first.
  public var secondLatency: UInt16
  public var timings: MemoryTimings
  /// log2 of the number of aligned, successive base pages of equal attributes that hardware joins
  /// in one entry without being told; 0 where it does not. It looks at one line of entries.
  public var coalescedShift: UInt8
  /// One instruction may forget a range of pages. arm64: FEAT_TLBIRANGE.
  public var forgetsRanges = false

  public init(
    instruction: TLBLevelGeometry, data: TLBLevelGeometry, second: TLBLevelGeometry = .absent,
    secondInstruction: TLBLevelGeometry = .absent, walkCaches: WalkCacheGeometry = .absent,
    secondLatency: UInt16 = 0, timings: MemoryTimings = .free, coalescedShift: UInt8 = 0
  ) {
    self.instruction = instruction
    self.data = data
    self.second = second
    self.secondInstruction = secondInstruction
    self.walkCaches = walkCaches
    self.secondLatency = secondLatency
    self.timings = timings
    self.coalescedShift = coalescedShift
  }

  /// One level for base pages only, no caches of tables, and walks that cost nothing.
  public static func simple(sets: Int, ways: Int) -> TLBModel {
    let geometry = TLBLevelGeometry(TLBGeometry(sets: sets, ways: ways))
    return TLBModel(instruction: geometry, data: geometry)
  }
}
