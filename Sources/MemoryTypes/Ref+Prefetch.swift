extension Ref where Object: ~Copyable {
  /// Begins to fetch the object's first cache line, so that a later access need not wait for it.
  ///
  /// The address need not be one of an object: nothing is read.
  @inline(__always)
  public func prefetch() { unsafe fetchAhead(UnsafeRawPointer(pointer)) }
}

// Swift has no name for the instruction that fetches a cache line ahead of its use; the compiler's
// own intrinsic is named here. Not in debug builds: LLVM's ThreadSanitizer cannot build a call of
// one, and there it would gain nothing.
#if DEBUG
  @inline(__always)
  private func fetchAhead(_ address: UnsafeRawPointer) {}
#else
  @_extern(c, "llvm.prefetch.p0")
  private func prefetchIntrinsic(
    _ address: UnsafeRawPointer, _ isWrite: Int32, _ locality: Int32, _ isData: Int32)

  @inline(__always)
  private func fetchAhead(_ address: UnsafeRawPointer) {
    unsafe prefetchIntrinsic(address, 1, 3, 1)
  }
#endif
