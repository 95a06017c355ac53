/// Why an allocator gave nothing.
@frozen
public enum AllocationError: Error, Hashable, Sendable {
  /// No frame, block or object is left that the request could use. Linux: a null return.
  case outOfMemory
}
