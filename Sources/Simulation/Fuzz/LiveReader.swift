internal import CSubject
internal import MemoryTypes
internal import Recordings

/// A recording that is made while it is read: each event is a step that the running kernel has just
/// answered.
///
/// ```
///   StepSource ── step ──> LiveSubject ── answer, maps ──> RecordedEvent ──> Replayer
///        └──────────────────── maps of the subject <────────────┘
/// ```
final class LiveReader: RecordingReader {
  let header: RecordingHeader
  let files: [RecordedFile]
  let ignored: [String: Int] = [:]
  /// Why there are no more events, where it is not because all steps are done.
  private(set) var failure: FuzzError?
  /// The steps that were done, in order; an event's position is its step's place here, from 1.
  private(set) var steps: [FuzzStep] = []
  /// Steps left out because the kernel built here does not know them, by name.
  private(set) var unbuilt: [String: Int] = [:]
  /// What happened so far, where the text of the log is wanted; what the last step changed in the
  /// maps as well, which nobody asks for behind a step that differs.
  var events: [RecordedEvent] { kept + (following.map { [$0] } ?? []) }

  private var kept: [RecordedEvent] = []

  private let subject: LiveSubject
  private var source: any StepSource
  private let stepLimit: Int
  private let keepsEvents: Bool
  private var following: RecordedEvent?
  private var childCount: Int32 = 0

  /// Starts a subject.
  init(
    _ conditions: FuzzConditions, _ files: SubjectFiles, _ source: any StepSource, stepLimit: Int,
    keepsEvents: Bool = false
  ) throws(FuzzError) {
    if conditions.profile.usesFiles { try files.renew() }
    subject = try LiveSubject(
      conditions.limits, files, countsFaults: conditions.profile.countsFaults)
    var header = conditions.header
    header.programBreak = LiveSubject.code + 4096
    header.initialMaps = subject.process.maps.lines
    self.header = header
    self.files = files.recorded
    self.source = source
    self.stepLimit = stepLimit
    self.keepsEvents = keepsEvents
  }

  func next() throws(BadInput) -> RecordedEvent? {
    if let event = following {
      following = nil
      return keep(event)
    }
    do throws(FuzzError) {
      return try nextStep().map(keep)
    } catch {
      failure = error
      return nil
    }
  }

  private func keep(_ event: RecordedEvent) -> RecordedEvent {
    if keepsEvents { kept.append(event) }
    return event
  }

  private func nextStep() throws(FuzzError) -> RecordedEvent? {
    while steps.count < stepLimit, let step = source.next(view) {
      guard step.action.isBuilt else {
        unbuilt[step.action.name, default: 0] += 1
        // A profile of which little is built ends in time.
        if unbuilt.values.reduce(0, +) > 100 * stepLimit { return nil }
        continue
      }
      let task = step.isChild ? childCount : 0
      let child = subject.child
      guard let body = try subject.perform(step) else { continue }
      steps.append(step)
      return try event(body, of: step.isChild ? child : subject.process, task)
    }
    return nil
  }

  /// The event of a step; what it changed in the maps follows.
  private func event(
    _ body: RecordedEvent.Body, of live: LiveTask?, _ task: Int32
  ) throws(FuzzError) -> RecordedEvent {
    switch body {
    case .fork:
      childCount += 1
      let (parent, copy) = (Set(subject.process.maps.lines), Set(subject.child?.maps.lines ?? []))
      expect(
        subject.process.maps.lines.filter { !copy.contains($0) },
        (subject.child?.maps.lines ?? []).filter { !parent.contains($0) }, childCount)
      return RecordedEvent(
        position: steps.count, task: 0, .fork(child: childCount, sharesMemory: false))
    case .exit: break
    default:
      if let change = try live?.maps.update() { expect(change.removed, change.added, task) }
    }
    return RecordedEvent(position: steps.count, task: task, body)
  }

  private func expect(_ removed: [MapLine], _ added: [MapLine], _ task: Int32) {
    guard !removed.isEmpty || !added.isEmpty else { return }
    following = RecordedEvent(
      position: steps.count, task: task, .mapsChange(removed: removed, added: added))
  }

  private var view: SubjectView {
    SubjectView(
      maps: Self.visible(subject.process.maps.lines),
      childMaps: (subject.child?.maps.lines).map(Self.visible),
      startOfHeap: header.programBreak ?? 0, taskSize: header.taskSize ?? 1 << 47)
  }

  /// Without the vsyscall page, which is no mapping.
  private static func visible(_ lines: [MapLine]) -> [MapLine] {
    lines.last?.path == "[vsyscall]" ? lines.dropLast() : lines
  }
}
