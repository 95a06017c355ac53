/// Memory outside RAM for the tables of a machine that exists in its log only.
@safe
public struct BootHome {
  let start: UnsafeMutableRawPointer

  /// Zeroed bytes, aligned to 64, as many as `PageAllocator.homeSize(memblock:directMap:options:)`
  /// says, which live as long as the allocator.
  @unsafe
  public init(_ start: UnsafeMutableRawPointer) { unsafe self.start = start }
}
