/// Says which processor runs the code that asks. Linux: `smp_processor_id()`.
///
/// A C function and a word for it, so that it needs no heap and no closure.
@safe
public struct ProcessorSource: @unchecked Sendable {
  /// Gets the context; says a number from 0 that is below `PageAllocatorOptions.processors`.
  public typealias Function = @convention(c) (UnsafeMutableRawPointer?) -> Int
  /// Gets the context; returns when every processor that runs has passed a full memory barrier since
  /// the call. Linux: an `IPI` to all; from user space `membarrier()`, private and expedited.
  public typealias Barrier = @convention(c) (UnsafeMutableRawPointer?) -> Void

  private let context: UnsafeMutableRawPointer?
  private let function: Function?
  private let barrier: Barrier?

  /// A machine that uses its first processor only; several threads may play it.
  public static var first: ProcessorSource { unsafe ProcessorSource(nil, nil, nil) }

  /// A machine that uses its first processor only, played by one thread at a time: what waits for
  /// nobody else needs no locked instruction.
  public static var alone: ProcessorSource { unsafe ProcessorSource(nil, nil) { _ in } }

  private init(_ context: UnsafeMutableRawPointer?, _ function: Function?, _ barrier: Barrier?) {
    unsafe self.context = context
    unsafe self.function = function
    unsafe self.barrier = barrier
  }

  /// `function` says, called with `context`, which must outlive the allocator.
  ///
  /// - Parameter barrier: Promises that a number belongs to one thread at a time, as a processor
  ///   runs one thing at a time; and is how others make a processor notice what they stored. One
  ///   that does nothing will do where one thread plays all processors. Nil makes no promise.
  @unsafe
  public init(
    context: UnsafeMutableRawPointer?, barrier: Barrier? = nil, _ function: @escaping Function
  ) {
    unsafe self.init(context, function, barrier)
  }

  /// Whether the number is 0 and nobody has to be asked.
  @inline(__always)
  var isAlwaysFirst: Bool { unsafe function == nil }

  /// The number of the processor.
  @inline(__always)
  public var index: Int {
    guard let function = unsafe function else { return 0 }
    return unsafe function(context)
  }

  /// Whether a number belongs to one thread at a time, and others can make that notice.
  @inline(__always)
  public var isExclusive: Bool { unsafe barrier != nil }

  /// Lets every processor pass a full memory barrier; where `isExclusive`.
  public func passBarrier() {
    if let barrier = unsafe barrier { unsafe barrier(context) }
  }
}
