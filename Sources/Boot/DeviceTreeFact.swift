public import PhysicalMemory

/// One thing that a device tree says about memory or nodes.
public enum DeviceTreeFact: Sendable {
  /// - Parameter node: Nil where the tree names none. Device tree: `numa-node-id`.
  case memory(PhysicalRange, node: Int32?)
  /// - Parameter isMapped: False for memory that the kernel must not map.
  case reserved(PhysicalRange, isMapped: Bool)
  /// A place has to be found for it.
  case wanted(WantedMemory)
  /// Linux takes it for the way back too, unless the tree says otherwise.
  case distance(from: Int32, to: Int32, UInt64)
}

/// Memory that a device tree wants reserved somewhere: a child of `/reserved-memory` with a size and
/// no address. Linux: `__reserved_mem_alloc_size()`, drivers/of/of_reserved_mem.c.
public struct WantedMemory: Sendable {
  /// In bytes.
  public var size: UInt64 = 0
  /// A power of two, or 0 for none in particular.
  public var alignment: UInt64 = 0
  /// Where it must lie; nil for anywhere. Device tree: `alloc-ranges`.
  public var place: PhysicalRange?
  public var isMapped = true
  /// Whether others may use it while its owner does not: contiguous memory.
  public var isReusable = false

  public init() {}
}
