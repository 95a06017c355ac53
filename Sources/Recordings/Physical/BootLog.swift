/// What one line of a kernel's boot log says about memory; a printed configuration is one entry.
public struct BootLogEntry: Hashable, Sendable {
  /// Of the log, from 1.
  public var line: Int
  public var event: Event

  public enum Event: Hashable, Sendable {
    /// An allocation was asked of memblock; a `reserve` follows if it was granted.
    case request(BootRequest)
    /// - Parameter isAllocation: Whether memblock chose the range itself.
    case reserve(Range<UInt64>, isAllocation: Bool)
    case free(Range<UInt64>)
    case add(Range<UInt64>)
    case remove(Range<UInt64>)
    /// Both arrays of memblock as they are. `MEMBLOCK configuration:`
    case configuration(BootConfiguration)
    /// Where the descriptor of a node stands: the reservation before it was for that.
    case nodeData(node: Int32)
    /// A contiguous area was reserved, or could not be. `cma: Reserved 32 MiB at …`
    case contiguousArea(start: UInt64?, size: UInt64)
    /// The initial RAM disk. `RAMDISK: [mem …]`
    case initialDisk(Range<UInt64>)
    /// Memory was given to the page allocator late. `Freeing unused kernel memory: 448K`
    case freeing(what: String, bytes: UInt64)
    /// What memblock had free has gone to the page allocator: the next thing to start says so.
    /// `SLUB: …`, or `Memory: …`, which newer kernels print much later.
    case handedOver
    /// All processors run; the marks are computed after it. `smp: Brought up 1 node, 4 CPUs`
    case processorsUp(count: UInt?)
    /// A zone of the machine; nil when it is empty. `  DMA      [mem …]`
    case zone(name: String, Range<UInt64>?)
    /// `  Node 0: 0x0000000070000000`
    case movableStart(node: Int32, UInt64)
    /// `Fallback order for Node 0: 0 1`
    case fallbackOrder(node: Int32, [Int32])
    /// How per-CPU memory is cut. `percpu: Embedded 66 pages/cpu s233472 r8192 d28672 u2097152`
    case perCPUUnits(BootPerCPUUnits)
    /// What its chunks are multiples of: `pcpu-alloc: s… r… d… u… alloc=1*2097152`
    case perCPUMultiple(atoms: UInt64, of: UInt64)
    /// The BIOS's own map. `BIOS-e820: [mem …] usable`
    case firmwareRange(Range<UInt64>, kind: String)
  }
}

/// The unit of each processor, in bytes.
public struct BootPerCPUUnits: Hashable, Sendable {
  /// Those that are used.
  public var pages: UInt64
  public var staticSize: UInt64
  public var reservedSize: UInt64
  public var dynamicSize: UInt64
  public var unitSize: UInt64
}

/// What an early allocation asked for, as memblock logs it.
public struct BootRequest: Hashable, Sendable {
  /// Of the function that was called: `memblock_alloc_try_nid`.
  public var function: String
  public var size: UInt64
  public var alignment: UInt64
  /// -1 for any.
  public var node: Int32
  public var minimum: UInt64
  /// 0 and 1 stand for the current limit.
  public var limit: UInt64
  /// Who called it: `sparse_init`.
  public var caller: String
}

/// The arrays of memblock at one moment.
public struct BootConfiguration: Hashable, Sendable {
  public var memory: [Region] = []
  public var reserved: [Region] = []

  public struct Region: Hashable, Sendable {
    public var range: Range<UInt64>
    /// Nil where the kernel knows none.
    public var node: Int32?
    public var flags: UInt32
  }
}
