public import MemoryTypes

/// What a kernel's configuration and command line decide about its heap.
public struct HeapOptions: Sendable {
  public var design: SlabDesign
  /// Whether caches of equal objects share slabs, where nothing forbids it: a constructor, a window
  /// for user space, debugging, `SlabFlags.unmergeable`. Linux: `slab_nomerge` off.
  public var mergesCaches = true
  /// What all caches are watched for. Linux: `slab_debug`.
  public var debugging: SlabFlags = []
  /// Whether the objects of a new slab are handed out in random order.
  /// Linux: `CONFIG_SLAB_FREELIST_RANDOM`.
  public var randomisesFreeLists = false
  /// Whether the links between free objects are mangled. Linux: `CONFIG_SLAB_FREELIST_HARDENED`.
  public var hardensFreeLists = false
  /// Whether processors keep partial slabs at hand. Linux: `CONFIG_SLUB_CPU_PARTIAL`.
  public var hasPerCPUPartialSlabs = true
  /// How many free objects of any slabs each processor keeps of each cache, below 2^15: none in
  /// Linux 6.12, where an object goes back to its slab at once. Linux: `sheaf_capacity` (6.18).
  public var spareObjects = 0
  /// What random orders and keys are drawn from.
  public var seed: UInt64 = 0x0C7A_0F01
  /// Where reports of misuse go; nil: the machine ends at the first.
  public var reports: HeapReports?

  public init(design: SlabDesign = .slub) {
    self.design = design
  }
}

/// Where the heap says what it found wrong, and whom it asks who is at work.
@safe
public struct HeapReports: @unchecked Sendable {
  /// Gets the context and one byte of text.
  public typealias Writer = @convention(c) (UnsafeMutableRawPointer?, UInt8) -> Void
  /// Gets the context; says a number for the present user: a process, a return address, a time.
  public typealias User = @convention(c) (UnsafeMutableRawPointer?) -> UInt

  private let context: UnsafeMutableRawPointer?
  private let writer: Writer
  private let userOfMachine: User?

  /// Both functions are called with `context`, which must outlive the heap.
  @unsafe
  public init(
    context: UnsafeMutableRawPointer? = nil, user: User? = nil, _ writer: @escaping Writer
  ) {
    unsafe self.context = context
    unsafe self.writer = writer
    unsafe userOfMachine = user
  }

  /// Who is at work; 0 where nobody knows.
  var user: UInt {
    guard let function = unsafe userOfMachine else { return 0 }
    return unsafe function(context)
  }
}

extension HeapReports: TextSink {
  public mutating func write(_ byte: UInt8) { unsafe writer(context, byte) }
}
