/// What a check of a page allocator's trace found.
public struct PhysicalCheckReport: Codable, Sendable {
  /// The folder, as the user named it.
  public var source: String
  /// Events that were replayed or stepped over.
  public var records = 0
  public var segments: [Segment] = []
  /// The first differences in detail; `differenceCount` counts all.
  public var differences: [Difference] = []
  public var differenceCount = 0
  /// Events that cannot be predicted, by the reason.
  public var unsupported: [String: Int] = [:]
  /// Seconds it took, reading included.
  public var seconds = 0.0

  public init(source: String) { self.source = source }

  public var counts: ReplayReport.Counts {
    ReplayReport.Counts(
      records: records, differences: differenceCount,
      unsupported: unsupported.values.reduce(0, +))
  }

  /// Something recorded, and what the replay had instead.
  public struct Difference: Codable, Sendable {
    /// The line of the trace; 0 for a list of a snapshot.
    public var line: Int
    public var what: String
    public var recorded: String
    public var replayed: String
  }

  /// What happened between two snapshots, and how the second compares.
  public struct Segment: Codable, Sendable {
    public var from: String
    /// The snapshot compared with; nil after the last.
    public var to: String?
    /// The second snapshot was read while lists changed; it is compared list by list with every
    /// moment of that time.
    public var isTorn = false
    /// Frames were moved or isolated unseen: the rest was not predicted.
    public var isCut = false
    /// Requests, and those that got the frame foretold.
    public var allocations = Matches()
    public var frees = 0
    /// Fillings of per-CPU lists, and those of the size foretold.
    public var refills = Matches()
    /// Blocks that went back from per-CPU lists, and those foretold in their order.
    public var drains = Matches()
    public var fallbacks = Matches()
    /// Soft interrupts whose moment the trace leaves open, and what followed shows.
    public var resolved = 0
    /// Times that a worker shortened the lists of a processor, by its clock, and drained nothing.
    public var decays = 0
    /// Frees past the per-CPU lists, which their processor was using.
    public var pastLists = 0
    public var freeLists = Matches()
    public var freeBlocks = 0
    public var perCPULists = Matches()
    public var perCPUFrames = 0
    /// Counters of `/proc/vmstat`: frames allocated and freed.
    public var eventCounters = Matches()
  }

  public struct Matches: Codable, Sendable, Equatable {
    public var count = 0
    public var equal = 0

    mutating func add(isEqual: Bool) {
      count += 1
      if isEqual { equal += 1 }
    }
  }
}
