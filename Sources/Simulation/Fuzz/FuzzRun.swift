internal import MemoryTypes
public import Recordings

/// The same random steps for Octavo and for the kernel it runs on, until they answer differently.
///
/// ```
///   seed ──> FuzzGenerator ──> LiveReader ──> Replayer        one subject: `stepsPerSubject` steps
///                                  │              │
///                              running kernel  Octavo's       every answer, map and signal compared
///                                  └──── ≠ ───────┘
///                         StepList, half the steps, again …   shrunk to the shortest that differs
/// ```
/// Subjects are many and short: a long history fills an address space with what no later step meets.
/// A subject's seed follows from the run's, so `--seed` of a report repeats the run.
public struct FuzzRun {
  public var seed: UInt64
  public var calls: Int
  public var profile: FuzzProfile
  public var stepsPerSubject = 1000
  /// The run goes on with other subjects until so many of them differed.
  public var differenceLimit = 1
  /// Pages in memory and counts of faults are differences like any other, instead of counted apart.
  public var comparesResidency = false
  /// Told after each subject how many of the steps are done.
  public var progress: ((ReadingProgress) -> Void)?
  /// Changes what the running kernel is said to have answered: a fault for tests to find.
  var distortion: ((RecordedEvent) -> RecordedEvent)?

  public init(seed: UInt64, calls: Int, profile: FuzzProfile) {
    self.seed = seed
    self.calls = calls
    self.profile = profile
  }

  /// Compares until all steps are done or one differs.
  ///
  /// - Throws: `FuzzError` where the system does not allow it; `SimulationError`.
  public func run() throws -> FuzzReport {
    guard SubjectFiles.areSupported else {
      throw FuzzError.unavailable("it needs Linux on x86-64")
    }
    let start = ContinuousClock.now
    let files = try SubjectFiles()
    var report = FuzzReport(
      seed: seed, profile: profile, kernel: FuzzConditions(profile, seed: seed).header.kernel ?? "")
    var seeds = SeededGenerator(seed: seed)
    while report.steps < calls, report.differences.count < differenceLimit {
      let turn = profile.turns[report.subjects % profile.turns.count]
      let limit = min(stepsPerSubject, calls - report.steps)
      try runSubject(seeds.next(), turn, limit, files, &report)
      progress?(ReadingProgress(bytesRead: UInt64(report.steps), totalBytes: UInt64(calls)))
    }
    report.seconds = (ContinuousClock.now - start) / .seconds(1)
    return report
  }

  private func runSubject(
    _ seed: UInt64, _ profile: FuzzProfile, _ limit: Int, _ files: SubjectFiles,
    _ report: inout FuzzReport
  ) throws {
    var trial = FuzzTrial(FuzzConditions(profile, seed: seed), files, distortion)
    trial.comparesResidency = comparesResidency
    let source = FuzzGenerator(seed: seed, profile: profile)
    let outcome = try trial.run(source, stepLimit: limit)
    report.subjects += 1
    report.steps += outcome.steps.count
    for step in outcome.steps { report.kinds[step.action.name, default: 0] += 1 }
    report.unbuilt.merge(outcome.unbuilt, uniquingKeysWith: +)
    report.checked.add(outcome.checked)
    report.residency.add(outcome.residency)
    if let difference = outcome.difference {
      report.differences.append(
        try trial.shrink(outcome.steps, difference, subject: report.subjects))
    }
  }
}

extension ReplayReport.Checks {
  fileprivate mutating func add(_ other: Self) {
    results += other.results
    maps += other.maps
    accesses += other.accesses
    flags += other.flags
    sizes += other.sizes
  }
}
