/// What came of replaying a trace of heap requests under each design.
public struct KmallocReport: Codable, Sendable {
  /// The trace, as the user named it.
  public var source: String
  public var pageSize: UInt64 = 0
  public var processors = 0
  /// Events of the trace that were read.
  public var events = 0
  /// Events that were stepped over, by name.
  public var ignored: [String: Int] = [:]
  /// Events that the recorder lost.
  public var lost: UInt64 = 0
  /// Requests by size, and those of a cache.
  public var kmallocs = 0
  public var cacheRequests = 0
  /// Caches that the trace names in a request.
  public var caches = 0
  /// Requests that found no memory in the trace; they are not made here.
  public var recordedFailed = 0
  public var frees = 0
  /// Frees of nothing: `kfree(NULL)`.
  public var emptyFrees = 0
  /// Frees of objects that the trace does not give out: they were allocated before it began.
  public var unknownFrees = 0
  /// Objects whose address the trace gives out anew without having told of a free: those freed in
  /// bulk, and by grace periods.
  public var silentFrees = 0
  public var designs: [Design] = []
  public var seconds = 0.0
  /// Bytes of text.
  public var bytes: UInt64 = 0

  public init(source: String) { self.source = source }

  /// The trace under one design.
  public struct Design: Codable, Sendable {
    /// `slub`, `slab` or `slob`.
    public var name: String
    /// Requests that found no memory here.
    public var failed = 0
    /// When the heap had the most memory, first.
    public var peak = Moment()
    public var end = Moment()
    public var slabs = Slabs()

    public init(name: String) { self.name = name }
  }

  /// The heap after an event.
  public struct Moment: Codable, Sendable {
    public var events = 0
    /// All that the heap took from the page allocator, with what describes its caches.
    public var memoryBytes: UInt64 = 0
    /// Objects of the trace that live.
    public var objects = 0
    /// What was asked for them.
    public var requestedBytes: UInt64 = 0
    /// What their slots take here, and took on the machine of the trace.
    public var slotBytes: UInt64 = 0
    public var recordedBytes: UInt64 = 0
    /// What is in `slotBytes` of requests by size that name a row of kmalloc.
    public var rows = Rows()
  }

  /// Bytes of slots by the row of kmalloc that the request names; the ordinary row has the rest.
  ///
  /// Linux: `kmalloc_type()`.
  public struct Rows: Codable, Sendable {
    public var dma: UInt64 = 0
    public var reclaimable: UInt64 = 0
    public var accounted: UInt64 = 0
  }

  /// The slabs at the end.
  public struct Slabs: Codable, Sendable {
    public var count = 0
    /// Those with objects of the trace and room for one more.
    public var partial = 0
    /// Those without any: kept for the next requests, or filled with the heap's own.
    public var empty = 0
    public var partialBytes: UInt64 = 0
    /// The part of `partialBytes` in which no object of the trace lies.
    public var freeBytes: UInt64 = 0
    /// Blocks of frames for one large object each.
    public var largeBlocks = 0
  }
}
