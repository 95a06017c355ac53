internal import Recordings

/// A kind of step: its name, how often each profile draws it, how it is made.
struct FuzzKind: Sendable {
  let name: String
  let weights: ProfileWeights
  /// Draws one for the process or child whose maps are given; nil when none fits at the moment.
  let make: @Sendable (inout FuzzGenerator, SubjectView) -> FuzzStep.Action?

  init(
    _ name: String, _ weights: ProfileWeights,
    _ make: @escaping @Sendable (inout FuzzGenerator, SubjectView) -> FuzzStep.Action?
  ) {
    self.name = name
    self.weights = weights
    self.make = make
  }

  /// Every kind there is. The weights are the counts of the oracle logs, per 1,000 steps.
  static let all: [FuzzKind] = [
    //                            basic access files remap advice fork
    FuzzKind("brk", ProfileWeights(123, 42, 9, 17, 16, 11)) { $0.breakStep($1) },
    FuzzKind("mmap", ProfileWeights(417, 156, 195, 187, 140, 118)) { $0.mapStep($1) },
    FuzzKind("munmap", ProfileWeights(194, 67, 51, 47, 31, 48)) { $0.unmapStep($1) },
    FuzzKind("mprotect", ProfileWeights(266, 79, 69, 41, 33, 44)) { $0.protectStep($1) },
    FuzzKind("read", ProfileWeights(0, 137, 137, 75, 70, 144)) { $0.loadStep($1) },
    FuzzKind("write", ProfileWeights(0, 169, 143, 88, 96, 205)) { $0.storeStep($1) },
    FuzzKind("faults", ProfileWeights(0, 223, 200, 110, 136, 236)) { _, _ in .faults },
    FuzzKind("mincore", ProfileWeights(0, 50, 40, 0, 25, 0)) { $0.mincoreStep($1) },
    FuzzKind("pagemap", ProfileWeights(0, 60, 49, 51, 50, 70)) { $0.pagemapStep($1) },
    FuzzKind("vmflags", ProfileWeights(0, 7, 5, 10, 37, 0)) { $0.flagsStep($1) },
    FuzzKind("status", ProfileWeights(0, 13, 8, 17, 24, 7)) { _, _ in .status },
    FuzzKind("mremap", ProfileWeights(0, 0, 0, 307, 0, 0)) { $0.remapStep($1) },
    FuzzKind("remap_file_pages", ProfileWeights(0, 0, 0, 51, 0, 0)) { $0.remapPagesStep($1) },
    FuzzKind("mseal", ProfileWeights(0, 0, 0, 6, 0, 0)) { $0.sealStep($1) },
    FuzzKind("madvise", ProfileWeights(0, 0, 0, 0, 226, 52)) { $0.adviseStep($1) },
    FuzzKind("mlock", ProfileWeights(0, 0, 0, 0, 41, 0)) { $0.lockStep($1, .mlock) },
    FuzzKind("mlock2", ProfileWeights(0, 0, 0, 0, 14, 0)) { $0.lockStep($1, .mlock2) },
    FuzzKind("munlock", ProfileWeights(0, 0, 0, 0, 28, 0)) { $0.lockStep($1, .munlock) },
    FuzzKind("mlockall", ProfileWeights(0, 0, 0, 0, 13, 0)) { $0.lockAllStep($1) },
    FuzzKind("munlockall", ProfileWeights(0, 0, 0, 0, 15, 0)) { _, _ in
      .call(RecordedCall(.munlockall, .init(), result: 0))
    },
    FuzzKind("msync", ProfileWeights(0, 0, 58, 0, 0, 0)) { $0.syncStep($1) },
    FuzzKind("ftruncate", ProfileWeights(0, 0, 37, 0, 7, 0)) { $0.truncateStep($1) },
    FuzzKind("fork", ProfileWeights(0, 0, 0, 0, 0, 33)) { _, view in
      view.childMaps == nil ? .fork : nil
    },
    FuzzKind("exit", ProfileWeights(0, 0, 0, 0, 0, 33)) { _, view in
      view.childMaps == nil ? nil : .exit
    },
  ]
}
