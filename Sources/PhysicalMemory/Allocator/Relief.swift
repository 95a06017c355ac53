internal import MemoryTypes

/// The one call that goes up: what the page allocator asks for memory when it has none.
///
/// A C function and a word for it, so that it needs no heap and no closure.
@safe
public struct Relief: @unchecked Sendable {
  /// Gets the context, the order and the raw flags that could not be served; says whether it
  /// freed or moved anything. Called without any lock of the allocator, so that it may free pages.
  public typealias Function =
    @convention(c) (UnsafeMutableRawPointer?, UInt8, UInt32) -> Bool

  private let context: UnsafeMutableRawPointer?
  private let function: Function

  /// Relief by `function`, called with `context`, which must outlive the allocator.
  @unsafe
  public init(context: UnsafeMutableRawPointer?, _ function: @escaping Function) {
    unsafe self.context = context
    unsafe self.function = function
  }

  func callAsFunction(_ order: Order, _ flags: AllocationFlags) -> Bool {
    unsafe function(context, order.rawValue, flags.rawValue)
  }
}
