internal import MemoryTypes
internal import Recordings

/// Draws steps at random, from a seed: the distributions are those of the oracle logs.
///
/// About 12 % of the ranges are bad on purpose; addresses come back to recently used ones in 4 of 10
/// draws, and lie near the subject's mappings else, since calls far from any mapping meet no rule.
struct FuzzGenerator: StepSource {
  var random: SeededGenerator
  let profile: FuzzProfile
  /// The addresses that the last steps were about, oldest first.
  private(set) var recent: [UInt64] = []
  /// Steps that must follow what was drawn before.
  private var following: [FuzzStep] = []
  private let kinds: [(kind: FuzzKind, end: UInt32)]
  private let total: UInt32

  init(seed: UInt64, profile: FuzzProfile) {
    random = SeededGenerator(seed: seed)
    self.profile = profile
    var end: UInt32 = 0
    kinds = FuzzKind.all.map { kind in
      end += kind.weights[profile]
      return (kind, end)
    }
    total = end
  }

  mutating func next(_ view: SubjectView) -> FuzzStep? {
    if !following.isEmpty { return following.removeFirst() }
    // A few kinds fit only at times; maps always fits, so this ends.
    while true {
      let isChild = view.childMaps != nil && chance(60)
      var own = view
      if isChild, let maps = view.childMaps { own.maps = maps }
      if let action = drawKind().make(&self, own) { return step(action, isChild: isChild) }
    }
  }

  private mutating func step(_ action: FuzzStep.Action, isChild: Bool) -> FuzzStep {
    switch action {
    case .fork: FuzzStep(action)
    case .exit: FuzzStep(isChild: true, action)
    default: FuzzStep(isChild: isChild, action)
    }
  }

  private mutating func drawKind() -> FuzzKind {
    let draw = random.next(below: total)
    return kinds.first { draw < $0.end }!.kind
  }

  /// Lets `action` be the step after the one that is drawn now.
  mutating func follow(with action: FuzzStep.Action, isChild: Bool = false) {
    following.append(FuzzStep(isChild: isChild, action))
  }

  /// Remembers an address to come back to.
  mutating func remember(_ address: UInt64) {
    recent.append(address)
    if recent.count > 16 { recent.removeFirst() }
  }
}

extension FuzzGenerator {
  /// True in `percent` of 100 draws.
  mutating func chance(_ percent: UInt32) -> Bool { random.next(below: 100) < percent }

  mutating func number(_ range: ClosedRange<UInt64>) -> UInt64 {
    range.lowerBound &+ random.next() % (range.upperBound &- range.lowerBound &+ 1)
  }

  mutating func element<Choice>(_ choices: [Choice]) -> Choice {
    choices[Int(random.next(below: UInt32(choices.count)))]
  }

  /// One of `choices`, each as often as its number says.
  mutating func weighted<Choice>(_ choices: [(UInt32, Choice)]) -> Choice {
    var draw = random.next(below: choices.reduce(0) { $0 + $1.0 })
    for (weight, choice) in choices {
      if draw < weight { return choice }
      draw -= weight
    }
    return choices[0].1
  }
}
