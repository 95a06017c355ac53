import AddressSpaces
import KernelCore
import Machine
import MemoryTypes
import Testing

/// One way to be refused: a condition of the ERRORS section of a call's manual page, and the attempt that
/// reaches it, or why none can.
///
/// `Docs/errors.md` shows the same rows, and a test holds the two together.
struct ErrnoRow: Sendable, CustomTestStringConvertible {
  typealias Attempt = @Sendable (ErrnoTrial) throws -> Int64

  let call: String
  /// As the page has it.
  let errno: String
  let condition: String
  /// What Linux answers where it answers something else.
  let answer: String
  /// Why the answer is another one, or cannot be had.
  let reason: String
  let architecture: Architecture
  let attempt: Attempt?

  /// A row that the page has and the kernel follows.
  init(
    _ call: String, _ errno: Errno, _ condition: String, note: String = "",
    on architecture: Architecture = .x86_64, _ attempt: @escaping Attempt
  ) {
    self.init(call, Self.name(errno), condition, errno, note, architecture, attempt)
  }

  /// A row for which the kernel has another number than the page.
  init(
    _ call: String, _ errno: Errno, _ condition: String, but answer: Errno, _ reason: String,
    on architecture: Architecture = .x86_64, _ attempt: @escaping Attempt
  ) {
    self.init(call, Self.name(errno), condition, answer, reason, architecture, attempt)
  }

  /// A row that nothing can reach.
  init(_ call: String, _ errno: String, _ condition: String, never reason: String) {
    self.init(call, errno, condition, nil, reason, .x86_64, nil)
  }

  private init(
    _ call: String, _ errno: String, _ condition: String, _ answer: Errno?, _ reason: String,
    _ architecture: Architecture, _ attempt: Attempt?
  ) {
    self.call = call
    self.errno = errno
    self.condition = condition
    self.answer = answer.map(Self.name) ?? ""
    self.reason = reason
    self.architecture = architecture
    self.attempt = attempt
  }

  /// The name of a number that is an error.
  static func name(_ errno: Errno) -> String { errno.name.map { "\($0)" } ?? "\(errno.rawValue)" }

  var testDescription: String { "\(call): \(errno), \(condition)" }

  /// The line that the documentation has for it.
  var line: String {
    "| \(call) | \(errno) | \(condition) | \(outcome) |"
  }

  private var outcome: String {
    guard attempt != nil else { return "not here: \(reason)" }
    let found = answer == errno ? "tested" : "tested: \(answer)"
    return reason.isEmpty ? found : "\(found); \(reason)"
  }
}

/// The rows of one manual page.
struct ErrnoPage: Sendable {
  let name: String
  let rows: [ErrnoRow]

  static var all: [ErrnoPage] {
    [
      brk, mmap, mprotect, pkeyAlloc, mremap, remapFilePages, madvise, processMadvise, mlock,
      mincore, msync, mseal, prctl, ftruncate, getrlimit, membarrier, fork, clone, execve,
    ]
  }
}
