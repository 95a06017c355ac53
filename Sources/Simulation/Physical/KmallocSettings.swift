public import KernelHeap
public import MemoryTypes

/// What a trace of heap requests is replayed on.
public struct KmallocSettings: Sendable {
  /// Each is given the whole trace, on a machine of its own.
  public var designs: [SlabDesign] = SlabDesign.available
  public var ram = ByteCount(1 << 30)
  public var pageSize = PageSize.size4K
  /// Nil for as many as the trace's head says.
  public var processors: Int?

  public init() {}
}
