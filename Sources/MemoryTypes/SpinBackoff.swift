/// How long a spinning processor looks away before it reads the lock again.
///
/// Twice as long each time, up to a limit: many waiters then do not all rush at once for a lock
/// that has become free.
public struct SpinBackoff {
  private var pauses: UInt32 = 1

  public init() {}

  /// Looks away for a moment.
  @inline(__always)
  public mutating func wait() {
    var left = pauses
    while left > 0 {
      pauseProcessor()
      left &-= 1
    }
    if pauses < 64 { pauses &<<= 1 }
  }
}

// Swift has no name for the instruction that tells a processor it is spinning, so that it saves
// power and leaves the core to its other thread; the compiler's own intrinsics are named here.
// Only on bare metal: LLVM's ThreadSanitizer, which the host has, cannot build a call of one.
#if hasFeature(Embedded) && (arch(x86_64) || arch(i386))
  @_extern(c, "llvm.x86.sse2.pause")
  private func pauseIntrinsic()

  @inline(__always)
  private func pauseProcessor() { pauseIntrinsic() }
#elseif hasFeature(Embedded) && arch(arm64)
  @_extern(c, "llvm.aarch64.hint")
  private func hintIntrinsic(_ number: Int32)

  /// Hint 1 is `yield`.
  @inline(__always)
  private func pauseProcessor() { hintIntrinsic(1) }
#else
  @inline(__always)
  private func pauseProcessor() {}
#endif
