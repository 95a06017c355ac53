import ArgumentParser
import Foundation
import Recordings
import Report
import Simulation

extension ReplayCommand {
  /// The folders with snapshots and a trace of a page allocator among the files; nil where there are
  /// none.
  ///
  /// - Throws: `ValidationError` where recordings of programs stand among them.
  var allocatorFolders: [PhysicalFolder]? {
    get throws {
      let folders = files.compactMap { PhysicalFolder($0) }
      guard !folders.isEmpty else { return nil }
      guard folders.count == files.count else {
        throw ValidationError("folders of a page allocator are replayed by themselves")
      }
      return folders
    }
  }

  /// Foretells every frame of the traces and compares, with or without `--check`.
  func replay(_ folders: [PhysicalFolder]) throws {
    let reports = try folders.map { try PhysicalCheck($0).run() }
    try json.write { try JSONReport.data(format: "octavo-allocator-check", reports) }
    if !json.replacesText { StandardStreams.write(PhysicalCheckText.text(of: reports)) }
    if check, reports.contains(where: { $0.differenceCount > 0 }) { throw ExitStatus.difference }
  }
}
