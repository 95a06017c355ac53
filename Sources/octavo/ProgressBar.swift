import Foundation
import Recordings
import Synchronization
import SystemPackage

/// A bar on standard error that is drawn only where a person sees it.
final class ProgressBar: Sendable {
  private let label: String
  private let isVisible = Terminal.errorIsTerminal
  private let lastDrawn = Mutex<ContinuousClock.Instant?>(nil)

  init(_ label: String) { self.label = label }

  /// Leaves the line empty, as if nothing had been drawn.
  func wipe() {
    let wasDrawn = lastDrawn.withLock { last in
      defer { last = nil }
      return last != nil
    }
    if wasDrawn { StandardStreams.send(Array("\r\u{1b}[K".utf8), to: .standardError) }
  }

  /// Draws how far reading has come, at most ten times a second; nothing for a source whose size is
  /// not known.
  func update(_ progress: ReadingProgress) {
    guard isVisible, let total = progress.totalBytes, total > 0, isDue() else { return }
    let fraction = min(Double(progress.bytesRead) / Double(total), 1)
    let filled = Int(fraction * Double(Self.cells))
    let bar = String(repeating: "#", count: filled).padding(
      toLength: Self.cells, withPad: ".", startingAt: 0)
    let text = "\r\(label) [\(bar)] \(Int(fraction * 100)) %"
    StandardStreams.send(Array(text.utf8), to: .standardError)
  }

  private func isDue() -> Bool {
    lastDrawn.withLock { last in
      if let last, last.duration(to: .now) < .milliseconds(100) { return false }
      last = .now
      return true
    }
  }

  private static var cells: Int { 40 }
}
