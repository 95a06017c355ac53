/// Why a comparison with the running kernel cannot be made.
public enum FuzzError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The system is not Linux on x86-64, or does not allow what is needed.
  case unavailable(String)
  /// The subject did what none of its steps can make it do.
  case subjectLost(String)

  public var description: String {
    switch self {
    case .unavailable(let reason): "fuzz cannot run here: \(reason)"
    case .subjectLost(let reason): "the subject was lost: \(reason)"
    }
  }
}
