import Foundation
import MemoryTypes
import Recordings
import TestSupport
import Testing

@testable import Simulation

/// The running kernel as the oracle. Skipped, and said so, where ptrace is not allowed.
@Suite("Random steps beside the running kernel")
struct FuzzTests {
  /// Why subjects cannot be started here; nil where they can.
  static let obstacle: String? = {
    do {
      _ = try FuzzRun(seed: 1, calls: 1, profile: .basic).run()
      return nil
    } catch {
      return "\(error)"
    }
  }()

  static var isPossible: Bool {
    if let obstacle { print("skipped: \(obstacle)") }
    return obstacle == nil
  }

  @Test(
    "some thousand random calls are answered as the running kernel does",
    .enabled(if: FuzzTests.isPossible, "ptrace of a child is not possible here"),
    arguments: [FuzzProfile.basic, .access])
  func equalToTheRunningKernel(profile: FuzzProfile) throws {
    let seed = requestedSeed ?? 1
    print("OCTAVO_SEED=\(seed)")
    let report = try FuzzRun(seed: seed, calls: 3000, profile: profile).run()
    #expect(report.differences.map(\.script) == [])
    #expect(report.steps == 3000)
    #expect(report.checked.maps > 1500)
  }

  @Test(
    "a fault is found, shrunk to a few steps, and its script differs again when it is replayed",
    .enabled(if: FuzzTests.isPossible, "ptrace of a child is not possible here"))
  func plantedFaultIsFound() throws {
    var run = FuzzRun(seed: 7, calls: 3000, profile: .basic)
    // As if this kernel's munmap answered ENOMEM for lengths of three pages and more.
    run.distortion = { event in
      guard case .call(var call) = event.body, call.name == .munmap, call.result == 0,
        call.arguments.a1 >= 3 * 4096
      else { return event }
      call.result = -12
      return RecordedEvent(position: event.position, task: event.task, .call(call))
    }
    let difference = try #require(try run.run().differences.first)
    #expect(difference.what.hasPrefix("munmap("))
    #expect(difference.kernel == "-ENOMEM")
    // The call works on nothing as well as on something: it alone is enough.
    #expect(difference.shrunkSteps == 1)
    let steps = difference.script.split(separator: "\n").filter { $0.contains("munmap(") }
    #expect(steps.count == 1)
  }

  @Test(
    "the step that differs stands in the script with what it changed in the maps",
    .enabled(if: FuzzTests.isPossible, "ptrace of a child is not possible here"))
  func lastStepIsWhole() throws {
    let refused: (RecordedEvent) -> RecordedEvent = { event in
      guard case .call(var call) = event.body, call.name == .mmap, call.result > 0 else {
        return event
      }
      call.result = -12
      return RecordedEvent(position: event.position, task: event.task, .call(call))
    }
    let trial = FuzzTrial(FuzzConditions(.basic, seed: 3), try SubjectFiles(), refused)
    let outcome = try trial.run(
      FuzzGenerator(seed: 3, profile: .basic), stepLimit: 300, writesScript: true)
    #expect(outcome.difference != nil)
    let reader = try OracleReader(name: "script", text: outcome.script)
    var machine = MachineConfiguration.standard
    machine.adopt(reader.header)
    #expect(try Replayer(reader, source: "script", on: machine).run().differences == [])
  }

  @Test(
    "a script that fuzz prints is an oracle log: it replays with as many steps and no difference",
    .enabled(if: FuzzTests.isPossible, "ptrace of a child is not possible here"))
  func scriptReplays() throws {
    let conditions = FuzzConditions(.basic, seed: 2)
    let trial = FuzzTrial(conditions, try SubjectFiles(), nil)
    let outcome = try trial.run(
      FuzzGenerator(seed: 2, profile: .basic), stepLimit: 300, writesScript: true)
    let reader = try OracleReader(name: "script", text: outcome.script)
    var machine = MachineConfiguration.standard
    machine.adopt(reader.header)
    let report = try Replayer(reader, source: "script", on: machine).run()
    #expect(reader.stepCount == 300)
    #expect(report.differences == [])
    #expect(report.checked.results == 300)
  }

  /// Scripts that fuzz printed when Octavo differed; each is a rule of the kernel that no log had.
  static let found: [String] = {
    let folder = SimulationTests.fixtures.appendingPathComponent("oracle/found").path
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.sorted().map { "\(folder)/\($0)" }
  }()

  @Test("what fuzz once found replays with 0 differences", arguments: found)
  func foundScript(path: String) throws {
    let reader = try OracleReader(path: path)
    var machine = MachineConfiguration.standard
    machine.adopt(reader.header)
    let report = try Replayer(reader, source: path, on: machine).run()
    #expect(report.differences == [])
    #expect(report.unsupported.isEmpty)
    #expect(report.records > 0)
  }

  @Test("a seed draws the same steps each time, whatever the subject")
  func seedsRepeat() {
    var (one, other) = (
      FuzzGenerator(seed: 3, profile: .all), FuzzGenerator(seed: 3, profile: .all)
    )
    let stack = MapLine(
      start: 0x7fff_fffd_e000, end: 0x7fff_ffff_f000, permissions: [.read, .write], offset: 0,
      path: "[stack]")
    let view = SubjectView(
      maps: [stack], childMaps: nil, startOfHeap: 0x40_1000, taskSize: 0x7fff_ffff_f000)
    let (first, second) = (
      (0..<500).map { _ in one.next(view) }, (0..<500).map { _ in other.next(view) }
    )
    #expect(first == second)
    #expect(Set(first.compactMap { $0?.action.name }).count > 15)
  }
}
