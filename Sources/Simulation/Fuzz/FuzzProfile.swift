/// What a comparison with the running kernel is about: how often each kind of step is drawn.
///
/// The profiles are those of the oracle logs; `all` takes turns among them and a mixture.
public enum FuzzProfile: String, CaseIterable, Codable, Sendable {
  case basic, access, files, remap, advice, fork, all

  /// The profiles that the subjects of a run have in turn; nil stands for the mixture.
  var turns: [FuzzProfile] {
    self == .all ? [.basic, .access, .files, .remap, .advice, .fork, .all] : [self]
  }

  /// Whether subjects need files to map.
  var usesFiles: Bool { self != .basic && self != .access }

  /// Whether the faults of each access are counted, which costs time.
  var countsFaults: Bool { self != .basic }
}

/// A number of draws for each profile, in the order of the oracle logs' tables.
struct ProfileWeights: Sendable {
  let basic, access, files, remap, advice, fork: UInt32

  init(
    _ basic: UInt32, _ access: UInt32, _ files: UInt32, _ remap: UInt32, _ advice: UInt32,
    _ fork: UInt32
  ) {
    self.basic = basic
    self.access = access
    self.files = files
    self.remap = remap
    self.advice = advice
    self.fork = fork
  }

  subscript(profile: FuzzProfile) -> UInt32 {
    switch profile {
    case .basic: basic
    case .access: access
    case .files: files
    case .remap: remap
    case .advice: advice
    case .fork: fork
    case .all: basic + access + files + remap + advice + fork
    }
  }
}
