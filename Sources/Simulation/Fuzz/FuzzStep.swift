internal import MemoryTypes
public import Recordings

/// One step of a comparison with the running kernel: what is asked, before anyone has answered.
public struct FuzzStep: Hashable, Sendable {
  /// Asked of the forked child; without one the step is left out.
  public var isChild: Bool
  public var action: Action

  public init(isChild: Bool = false, _ action: Action) {
    self.isChild = isChild
    self.action = action
  }

  /// What an oracle log can hold.
  public enum Action: Hashable, Sendable {
    /// A system call; its result is not looked at.
    case call(RecordedCall)
    case load(UInt64)
    case store(UInt64, UInt8)
    case mincore(address: UInt64, length: UInt64)
    case pagemap(address: UInt64, length: UInt64)
    /// The faults of loads and stores since the last such question.
    case faults
    case vmFlags(UInt64)
    case status
    case fork
    /// Ends the child.
    case exit
  }
}

extension FuzzStep.Action {
  /// The step's name in an oracle log.
  public var name: String {
    switch self {
    case .call(let call): call.name.text
    case .load: "read"
    case .store: "write"
    case .mincore: "mincore"
    case .pagemap: "pagemap"
    case .faults: "faults"
    case .vmFlags: "vmflags"
    case .status: "status"
    case .fork: "fork"
    case .exit: "exit"
    }
  }
}

/// Where steps come from: drawn at random, or a list.
protocol StepSource {
  /// The next step for a subject whose maps are `view`; nil at the end.
  mutating func next(_ view: SubjectView) -> FuzzStep?
}

/// A list of steps, taken one after the other.
struct StepList: StepSource {
  private var steps: ArraySlice<FuzzStep>

  init(_ steps: [FuzzStep]) { self.steps = steps[...] }

  mutating func next(_ view: SubjectView) -> FuzzStep? { steps.popFirst() }
}

/// What is known of a subject before a step.
struct SubjectView {
  /// The maps of the process, and of its child while one lives; without the vsyscall page.
  var maps: [MapLine]
  var childMaps: [MapLine]?
  /// The initial break, below which the heap cannot go.
  var startOfHeap: UInt64
  /// The end of the highest page that a mapping can take.
  var taskSize: UInt64
}
