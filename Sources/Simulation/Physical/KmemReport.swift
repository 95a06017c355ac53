/// What came of replaying a trace of page requests on a machine.
public struct KmemReport: Codable, Sendable {
  /// The trace, as the user named it.
  public var source: String
  /// The machine, in words.
  public var machine = ""
  public var pageSize: UInt64 = 0
  public var managedPages: UInt64 = 0
  /// Events of the trace that were read.
  public var events = 0
  /// Events that were stepped over, by name.
  public var ignored: [String: Int] = [:]
  /// Events that the recorder lost.
  public var lost: UInt64 = 0
  public var requests = Requests()
  /// Frees of pages that the trace does not give out: they were allocated before it began.
  public var unknownFrees = 0
  public var frees = 0
  /// Pages in use before the trace that found no place on this machine.
  public var unplacedPages: UInt64 = 0
  /// Fallbacks to blocks of another type, here and in the trace.
  public var fallbacks = 0
  public var recordedFallbacks = 0
  /// Blocks that went from the free lists to processors and back, here and in the trace.
  public var takes = 0
  public var recordedTakes = 0
  public var drains = 0
  public var recordedDrains = 0
  /// Free memory over time, the first before any event and the last after all.
  public var samples: [FragmentationSample] = []
  public var zones: [Zone] = []
  /// Seconds that reading and replaying took, and the bytes of text.
  public var seconds = 0.0
  public var bytes: UInt64 = 0

  public init(source: String) { self.source = source }

  public struct Requests: Codable, Sendable {
    public var count = 0
    /// Those that found no memory here, and in the trace.
    public var failed = 0
    public var recordedFailed = 0
    /// By order.
    public var orders: [Int: Int] = [:]
  }

  /// A zone at the end.
  public struct Zone: Codable, Sendable {
    public var node: Int
    public var name: String
    /// Free blocks by order.
    public var blocks: [UInt64]
    /// The same on the machine of the trace, if its buddyinfo was given.
    public var recorded: [UInt64]?
  }
}
