import Foundation

/// A memory barrier for all threads of this process, if the kernel has one: what a processor's
/// interrupt to all others is to a kernel.
public enum MemoryBarrier {
  private typealias Call = @convention(c) (Int, Int, Int, Int) -> Int

  /// Whether `pass()` can be used; asks the kernel, which then prepares for it.
  public static var isAvailable: Bool { call(Command.registerPrivateExpedited) == 0 }

  /// Returns when every thread that runs has passed a full barrier since the call.
  public static func pass() { _ = call(Command.privateExpedited) }

  /// Of `membarrier()`, linux/membarrier.h.
  private enum Command {
    static let privateExpedited = 8
    static let registerPrivateExpedited = 16
  }

  private static func call(_ command: Int) -> Int {
    #if os(Linux) && (arch(x86_64) || arch(arm64))
      guard let syscall = syscallFunction else { return -1 }
      return syscall(number, command, 0, 0)
    #else
      return -1
    #endif
  }

  #if arch(x86_64)
    private static var number: Int { 324 }
  #else
    private static var number: Int { 283 }
  #endif

  /// Swift cannot call a function with open arguments; the C library's looks at registers only.
  private static var syscallFunction: Call? {
    guard let symbol = unsafe dlsym(nil, "syscall") else { return nil }
    return unsafe unsafeBitCast(symbol, to: Call.self)
  }
}
