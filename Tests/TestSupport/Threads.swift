import Dispatch
import Foundation

/// Calls `body` in `count` threads at once, each with its number, and waits until all are done.
///
/// The threads are their own and set off together; `concurrentPerform` does one call after the other
/// when the machine is busy, and then nothing is tried.
public func inThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
  let gate = DispatchSemaphore(value: 0)
  let done = DispatchSemaphore(value: 0)
  for number in 0..<count {
    let thread = Thread {
      gate.wait()
      body(number)
      done.signal()
    }
    thread.start()
  }
  for _ in 0..<count { gate.signal() }
  for _ in 0..<count { done.wait() }
}
