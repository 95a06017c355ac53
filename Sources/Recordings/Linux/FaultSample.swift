#if os(Linux)

  /// What the kernel wrote into a ring about one page fault or one exec.
  struct FaultSample {
    enum Kind {
      case fault
      /// The task's old address space is gone; faults from now on belong to the new one.
      case exec
    }

    var kind: Kind
    /// CLOCK_MONOTONIC, nanoseconds.
    var time: UInt64
    var process: Int32
    var task: Int32
    var address: UInt64 = 0
    /// Where the program stood; a kernel address when the kernel touched the page for it.
    var instruction: UInt64 = 0
    var isFromKernel = false
  }

#endif
