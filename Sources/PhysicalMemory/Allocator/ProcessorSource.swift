/// Says which processor runs the code that asks. Linux: `smp_processor_id()`.
///
/// A C function and a word for it, so that it needs no heap and no closure.
@safe
public struct ProcessorSource: @unchecked Sendable {
  /// Gets the context; says a number from 0 that is below `PageAllocatorOptions.processors`.
  public typealias Function = @convention(c) (UnsafeMutableRawPointer?) -> Int

  private let context: UnsafeMutableRawPointer?
  private let function: Function?

  /// A machine that uses its first processor only.
  public static var first: ProcessorSource { ProcessorSource() }

  private init() {
    unsafe context = nil
    unsafe function = nil
  }

  /// `function` says, called with `context`, which must outlive the allocator.
  @unsafe
  public init(context: UnsafeMutableRawPointer?, _ function: @escaping Function) {
    unsafe self.context = context
    unsafe self.function = function
  }

  /// The number of the processor.
  @inline(__always)
  public var index: Int {
    guard let function = unsafe function else { return 0 }
    return unsafe function(context)
  }
}
