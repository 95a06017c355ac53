#if os(Linux)

  internal import Glibc

  /// One address space as the tracer sees it: who uses it, and whose call is in the kernel.
  final class AddressSpaceTurn {
    /// Tasks that run in it and have not begun to exit.
    var memberCount = 1
    /// The task whose call is on its way.
    var holder: pid_t?
    /// When `holder` got its turn.
    var since: UInt64 = 0
    /// Tasks stopped before their call, in the order they came.
    var waiting: [pid_t] = []
  }

#endif
