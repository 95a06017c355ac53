/// What a recording of a live program does differently from the usual.
public struct RecordingOptions: Sendable {
  /// The program keeps its random layout; else it runs with ADDR_NO_RANDOMIZE.
  public var keepsRandomLayout = false
  /// Page faults are recorded where the system allows it.
  public var recordsFaults = true
  /// SIGINT, SIGTERM, SIGHUP and SIGQUIT that come to this process go on to the program, so that
  /// the recording outlives them.
  public var forwardsSignals = true
  /// `NAME=value` texts; nil for this process's own environment.
  public var environment: [String]?

  public init() {}
}

/// How a recorded program ended, and what the recording holds.
public struct RecordingOutcome: Hashable, Sendable {
  /// What the program did last.
  public enum Ending: Hashable, Sendable {
    case exited(status: Int32)
    case killed(signal: Int32)
  }

  public var ending: Ending
  /// Events written.
  public var eventCount: UInt64
  /// Page faults that the kernel had to drop because its buffers were full.
  public var lostFaults: UInt64
  /// What could not be recorded, one line each.
  public var missing: [String]

  /// The exit status a shell would report: 128 + signal for a program that was killed.
  public var shellStatus: Int32 {
    switch ending {
    case .exited(let status): status
    case .killed(let signal): 128 &+ signal
    }
  }
}

/// Why a program could not be recorded.
public enum RecordingError: Error, Hashable, Sendable, CustomStringConvertible {
  case programNotFound(String)
  case programNotExecutable(String, reason: String)
  /// The system or the program is of a kind that cannot be recorded.
  case notSupported(String)
  case writing(RecordingWriteError)

  public var description: String {
    switch self {
    case .programNotFound(let name): "\(name): program not found"
    case .programNotExecutable(let name, let reason): "\(name): cannot execute: \(reason)"
    case .notSupported(let reason): "cannot record: \(reason)"
    case .writing(let error): error.description
    }
  }

  /// What a shell exits with in this case; 69 (unavailable) and 74 (I/O error) from `sysexits.h`.
  public var exitStatus: Int32 {
    switch self {
    case .programNotFound: 127
    case .programNotExecutable: 126
    case .notSupported: 69
    case .writing: 74
    }
  }
}
