import ArgumentParser
import Foundation
import Recordings
import Report
import Simulation

extension ReplayCommand {
  /// Compares recorded boots if the files are such; says whether they were.
  ///
  /// A boot is not replayed on a machine described: it brings its own, which is built anew.
  func replaysBoots() throws -> Bool {
    let boots = files.filter(BootFolder.recognises)
    guard !boots.isEmpty else { return false }
    guard boots.count == files.count else {
      throw ValidationError("folders of boots are compared by themselves")
    }
    let reports = try boots.map { try BootComparison.report(BootFolder(path: $0)) }
    try json.write { try JSONReport.data(format: "octavo-boot", reports) }
    if !json.replacesText { StandardStreams.write(BootText.text(reports, width: Terminal.width)) }
    if check, reports.contains(where: { $0.counts.differences > 0 }) {
      throw ExitStatus.difference
    }
    return true
  }
}
