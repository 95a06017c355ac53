internal import Foundation
internal import Recordings

/// One subject beside one simulated machine.
struct FuzzTrial {
  let conditions: FuzzConditions
  let files: SubjectFiles
  let distortion: ((RecordedEvent) -> RecordedEvent)?
  var comparesResidency = false

  init(
    _ conditions: FuzzConditions, _ files: SubjectFiles,
    _ distortion: ((RecordedEvent) -> RecordedEvent)?
  ) {
    self.conditions = conditions
    self.files = files
    self.distortion = distortion
  }

  /// What came of a subject's steps.
  struct Outcome {
    /// Done up to the first difference, its step included.
    var steps: [FuzzStep]
    var unbuilt: [String: Int]
    var checked: ReplayReport.Checks
    var residency: ReplayReport.Residency
    var difference: ReplayReport.Difference?
    /// The log, where it was asked for.
    var script = ""
  }

  /// Runs steps on both sides until one differs.
  func run(
    _ source: any StepSource, stepLimit: Int, writesScript: Bool = false
  ) throws -> Outcome {
    let reader = try LiveReader(
      conditions, files, source, stepLimit: stepLimit, keepsEvents: writesScript)
    var machine = MachineConfiguration.standard
    machine.adopt(reader.header)
    var options = ReplayOptions()
    options.stopsAtDifference = true
    options.stopsAtResidency = comparesResidency
    let replayed: any RecordingReader = distortion.map { DistortedReader(reader, $0) } ?? reader
    let report = try Replayer(replayed, source: "fuzz", on: machine, options: options).run()
    if let failure = reader.failure { throw failure }
    var outcome = Outcome(
      steps: reader.steps, unbuilt: reader.unbuilt, checked: report.checked,
      residency: report.residency,
      difference: report.differences.first
        ?? (comparesResidency ? report.residency.examples.first : nil))
    // A difference of maps shows when the step after it is already made.
    if let position = outcome.difference?.position {
      outcome.steps = Array(reader.steps.prefix(position))
    }
    if writesScript { outcome.script = OracleText.log(of: reader, reader.events) }
    return outcome
  }
}

/// Passes events on, changed.
private final class DistortedReader: RecordingReader {
  private let reader: LiveReader
  private let change: (RecordedEvent) -> RecordedEvent

  init(_ reader: LiveReader, _ change: @escaping (RecordedEvent) -> RecordedEvent) {
    self.reader = reader
    self.change = change
  }

  var header: RecordingHeader { reader.header }
  var files: [RecordedFile] { reader.files }
  var ignored: [String: Int] { reader.ignored }
  func next() throws(BadInput) -> RecordedEvent? { try reader.next().map(change) }
}
