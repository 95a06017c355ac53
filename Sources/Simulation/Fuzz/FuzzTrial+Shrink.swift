internal import Recordings

extension FuzzTrial {
  /// The shortest steps found that still differ in the same kind of answer, with their log.
  ///
  /// Delta debugging: takes away halves, then quarters, and so on down to single steps, as long as what
  /// is left differs. Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002.
  func shrink(
    _ steps: [FuzzStep], _ difference: ReplayReport.Difference, subject: Int
  ) throws -> FuzzReport.Difference {
    let wanted = difference.kind
    var shortest = steps
    var size = max(1, steps.count / 2)
    while true {
      if try !removeParts(of: size, from: &shortest, wanted) {
        if size == 1 { break }
        size = max(1, size / 2)
      }
    }
    let last = try run(StepList(shortest), stepLimit: shortest.count, writesScript: true)
    let shown = last.difference ?? difference
    return FuzzReport.Difference(
      subject: subject, profile: conditions.profile, step: steps.count,
      shrunkSteps: shortest.count,
      what: shown.what, kernel: shown.recorded, octavo: shown.replayed, script: last.script)
  }

  /// Tries to do without each part of `size` steps once; says whether one was not needed.
  private func removeParts(
    of size: Int, from steps: inout [FuzzStep], _ wanted: Substring
  ) throws -> Bool {
    var isShorter = false
    // From the end: what comes later needs what comes earlier.
    var end = steps.count
    while end > 0 {
      let start = max(0, end - size)
      var candidate = steps
      candidate.removeSubrange(start..<end)
      let outcome = try run(StepList(candidate), stepLimit: candidate.count)
      if let found = outcome.difference, found.kind == wanted {
        steps = outcome.steps
        isShorter = true
        end = min(start, steps.count)
      } else {
        end = start
      }
    }
    return isShorter
  }
}

extension ReplayReport.Difference {
  /// What was asked, without its arguments: steps that differ elsewhere are another story.
  fileprivate var kind: Substring { what.prefix { $0 != "(" } }
}
