internal import MemoryTypes

/// The one call that goes up: what the page allocator asks for when memory is short.
///
/// A C function and a word for it, so that it needs no heap and no closure.
@safe
public struct Relief: @unchecked Sendable {
  /// What is asked for.
  public enum Need: UInt8, Sendable {
    /// Memory will be short soon: free some behind the allocation's back. Linux: `wake_all_kswapds()`.
    case background = 0
    /// A block of the order, by moving what is in its way. Linux: `try_to_compact_pages()`.
    case compaction = 1
    /// Frames, now. Linux: `try_to_free_pages()`.
    case reclaim = 2
    /// Frames at any price: a process may be killed. Linux: `out_of_memory()`.
    case kill = 3
  }

  /// Gets the context, the raw need, the order and the raw flags that could not be served; says
  /// whether it freed or moved anything. Called without any lock of the allocator, so that it may
  /// free pages.
  public typealias Function =
    @convention(c) (UnsafeMutableRawPointer?, UInt8, UInt8, UInt32) -> Bool

  private let context: UnsafeMutableRawPointer?
  private let function: Function

  /// Relief by `function`, called with `context`, which must outlive the allocator.
  @unsafe
  public init(context: UnsafeMutableRawPointer?, _ function: @escaping Function) {
    unsafe self.context = context
    unsafe self.function = function
  }

  func callAsFunction(_ need: Need, _ order: Order, _ flags: AllocationFlags) -> Bool {
    unsafe function(context, need.rawValue, order.rawValue, flags.rawValue)
  }
}
