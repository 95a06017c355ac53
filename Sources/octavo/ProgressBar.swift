import Foundation
import SystemPackage

/// A bar on standard error that is drawn only where a person sees it, and wiped when done.
struct ProgressBar: ~Copyable {
  private let label: String
  private let total: UInt64
  private let isVisible: Bool
  private var lastDrawn = ContinuousClock.now

  /// - Parameter total: what `update` counts up to; 0 draws nothing.
  init(_ label: String, total: UInt64) {
    self.label = label
    self.total = total
    isVisible = total > 0 && Terminal.errorIsTerminal
  }

  /// Draws the state, at most ten times a second.
  mutating func update(_ done: UInt64) {
    guard isVisible, lastDrawn.duration(to: .now) > .milliseconds(100) else { return }
    lastDrawn = .now
    let fraction = min(Double(done) / Double(total), 1)
    let filled = Int(fraction * Double(Self.cells))
    let bar = String(repeating: "#", count: filled).padding(
      toLength: Self.cells, withPad: ".", startingAt: 0)
    draw("\r\(label) [\(bar)] \(Int(fraction * 100)) %")
  }

  deinit {
    if isVisible { StandardStreams.send(Array("\r\u{1b}[K".utf8), to: .standardError) }
  }

  private func draw(_ text: String) {
    StandardStreams.send(Array(text.utf8), to: .standardError)
  }

  private static var cells: Int { 40 }
}
