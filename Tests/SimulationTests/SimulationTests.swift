import Foundation
import MemoryTypes
import Recordings
import Simulation
import Testing

/// Recordings of the real kernel, replayed: every result and every map is equal.
@Suite("Replay of what the real kernel did")
struct SimulationTests {
  static let fixtures = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Fixtures")

  @Test(
    "a log of random mmap, munmap, mprotect and brk replays with 0 differences",
    arguments: ["basic-1", "basic-2", "basic-3", "basic-4"])
  func basicLog(name: String) throws {
    let path = Self.fixtures.appendingPathComponent("oracle/x86_64-6.18/\(name).log.gz").path
    let report = try replay(OracleReader(path: path), path, checksInvariants: true)
    #expect(report.differences == [])
    #expect(report.differenceCount == 0)
    #expect(report.checked.results == 600)
    #expect(report.checked.maps == 600)
    #expect(report.unsupported.isEmpty)
  }

  @Test(
    "logs of other architectures and page sizes replay with 0 differences",
    arguments: ["i686-6.18", "arm64-16k-6.12", "arm64-64k-6.12"], ["basic-1", "basic-2", "basic-3"])
  func otherArchitectures(machine: String, name: String) throws {
    let path = Self.fixtures.appendingPathComponent("oracle/\(machine)/\(name).log.gz").path
    let report = try replay(OracleReader(path: path), path, checksInvariants: false)
    #expect(report.differences == [])
    #expect(report.checked.results == 600)
    #expect(report.checked.maps == 600)
    #expect(report.unsupported.isEmpty)
  }

  @Test(
    "files mapped, truncated and written: results, maps, signals and bytes read, 0 differences",
    arguments: [
      "x86_64-6.18/files-9", "x86_64-6.18/files-12", "i686-6.18/files-10", "arm64-4k-6.1/files-10",
      "arm64-16k-6.12/files-10", "arm64-64k-6.12/files-10",
    ])
  func fileLog(name: String) throws {
    let path = Self.fixtures.appendingPathComponent("oracle/\(name).log.gz").path
    let report = try replay(OracleReader(path: path), path, checksInvariants: true)
    #expect(report.differences == [])
    #expect(report.checked.accesses > 200)
    #expect(report.calls["ftruncate"]?.count ?? 0 > 20)
    #expect(report.unsupported["ftruncate"] == nil)
  }

  @Test(
    "logs of mremap, remap_file_pages and of other kernels replay with 0 differences",
    arguments: [
      "x86_64-6.18/remap-14", "x86_64-6.18/remap-16", "i686-6.18/remap-15", "arm64-4k-6.1/remap-13",
      "arm64-4k-6.1-thp-always/remap-13", "arm64-16k-6.12/remap-14", "arm64-64k-6.12/remap-14",
      "arm64-16k-6.12/access-5", "arm64-4k-6.1/basic-1", "arm64-4k-6.1/basic-2",
    ])
  func remapLog(name: String) throws {
    let path = Self.fixtures.appendingPathComponent("oracle/\(name).log.gz").path
    let report = try replay(OracleReader(path: path), path, checksInvariants: true)
    #expect(report.differences == [])
    #expect(report.unsupported.keys.allSatisfy { !["mremap", "remap_file_pages"].contains($0) })
  }

  @Test(
    "the same program's strace text replays with 0 differences, nothing taken over",
    arguments: ["ls", "sqlite", "python"])
  func recordedStrace(name: String) throws {
    let path = Self.fixtures.appendingPathComponent("recordings/\(name)").path
    let reader = try FolderReader(folder: path, stream: .strace)
    let report = try replay(reader, path, checksInvariants: true)
    #expect(report.differences == [])
    #expect(report.checked.results > 35)
    #expect(report.adopted.isEmpty)
  }

  @Test(
    "a real program's calls and every change of its maps replay with 0 differences",
    arguments: ["ls", "sqlite", "python"])
  func recordingFolder(name: String) throws {
    let path = Self.fixtures.appendingPathComponent("recordings/\(name)").path
    let report = try replay(FolderReader(folder: path), path, checksInvariants: true)
    #expect(report.differences == [])
    #expect(report.checked.results > 35)
    #expect(report.checked.maps >= report.checked.results)
  }

  @Test("every frame is free again when the last task is gone", arguments: ["basic-1", "basic-4"])
  func framesComeBack(name: String) throws {
    let path = Self.fixtures.appendingPathComponent("oracle/x86_64-6.18/\(name).log.gz").path
    let report = try replay(OracleReader(path: path), path, checksInvariants: false)
    #expect(report.memory.peakResidentPages > 100)
    #expect(report.after.freePages == report.before.freePages)
    #expect(report.after.buddyinfo == report.before.buddyinfo)
  }

  @Test("a result that was tampered with is a difference")
  func plantedDifference() throws {
    let path = Self.fixtures.appendingPathComponent("oracle/x86_64-6.18/basic-1.log.gz").path
    let reader = try OracleReader(path: path)
    let report = try replay(TamperedReader(reader), path, checksInvariants: false)
    #expect(report.differenceCount > 0)
  }

  private func replay(
    _ reader: any RecordingReader, _ path: String, checksInvariants: Bool
  ) throws -> ReplayReport {
    var configuration = MachineConfiguration.standard
    configuration.ram = ByteCount(256 << 20)
    configuration.adopt(reader.header)
    var options = ReplayOptions()
    options.checksInvariants = checksInvariants
    return try Replayer(reader, source: path, on: configuration, options: options).run()
  }
}

/// Passes events on, but for one: the first address that `mmap` returned is moved by a page.
final class TamperedReader: RecordingReader {
  private let reader: any RecordingReader
  private var hasTampered = false

  init(_ reader: any RecordingReader) { self.reader = reader }

  var header: RecordingHeader { reader.header }
  var files: [RecordedFile] { reader.files }
  var ignored: [String: Int] { reader.ignored }

  func next() throws(BadInput) -> RecordedEvent? {
    guard var event = try reader.next() else { return nil }
    if !hasTampered, case .call(var call) = event.body, call.name == .mmap, call.result > 0 {
      call.result += 4096
      event.body = .call(call)
      hasTampered = true
    }
    return event
  }
}
