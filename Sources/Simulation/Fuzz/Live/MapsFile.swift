internal import Foundation
internal import Recordings

/// The maps of a stopped task, followed from step to step.
///
/// The kernel's text is read whole each time, since it alone tells what happened, but only lines
/// between the first and the last changed byte are parsed.
final class MapsFile {
  private(set) var lines: [MapLine] = []
  private var text: [UInt8] = []
  private var fresh = [UInt8](repeating: 0, count: 1 << 16)
  private let descriptor: Int32

  init(task: pid_t) throws(FuzzError) {
    descriptor = unsafe open("/proc/\(task)/maps", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .unavailable("/proc/\(task)/maps cannot be read") }
    _ = try update()
  }

  deinit { close(descriptor) }

  /// Reads the maps as they are now; returns the lines that went and came, in address order.
  func update() throws(FuzzError) -> (removed: [MapLine], added: [MapLine]) {
    let count = try read()
    let kept = unchangedPrefix(count)
    if kept == count, count == text.count { return ([], []) }
    let tail = unchangedSuffix(count, notBefore: kept)
    let first = text[..<kept].count { $0 == 0x0a }
    let last = lines.count - text[(text.count - tail)...].count { $0 == 0x0a }
    let parsed = MapsText.lines(Array(fresh[kept..<(count - tail)]))
    let old = Array(lines[first..<last])
    lines.replaceSubrange(first..<last, with: parsed)
    text = Array(fresh[..<count])
    let (before, after) = (Set(old), Set(parsed))
    return (old.filter { !after.contains($0) }, parsed.filter { !before.contains($0) })
  }

  private func read() throws(FuzzError) -> Int {
    var count = 0
    while true {
      if count == fresh.count { fresh.append(contentsOf: [UInt8](repeating: 0, count: count)) }
      let got = unsafe fresh.withUnsafeMutableBytes { buffer in
        // SAFETY: the kernel writes behind what it wrote, up to the buffer's end.
        unsafe pread(descriptor, buffer.baseAddress! + count, buffer.count - count, off_t(count))
      }
      guard got >= 0 else { throw .subjectLost("its maps cannot be read") }
      if got == 0 { return count }
      count += got
    }
  }

  /// Bytes at the start that did not change, up to the end of a line.
  private func unchangedPrefix(_ count: Int) -> Int {
    var index = 0
    var lineStart = 0
    let limit = min(count, text.count)
    while index < limit, fresh[index] == text[index] {
      index += 1
      if text[index - 1] == 0x0a { lineStart = index }
    }
    return lineStart
  }

  /// Bytes at the end that did not change, from the start of a line on.
  private func unchangedSuffix(_ count: Int, notBefore kept: Int) -> Int {
    var length = 0
    var whole = 0
    let limit = min(count, text.count) - kept
    while length < limit, fresh[count - 1 - length] == text[text.count - 1 - length] {
      if fresh[count - 1 - length] == 0x0a { whole = length }
      length += 1
    }
    return length == limit && startsLine(count, length) ? length : whole
  }

  private func startsLine(_ count: Int, _ length: Int) -> Bool {
    let (new, old) = (count - length, text.count - length)
    return (new == 0 || fresh[new - 1] == 0x0a) && (old == 0 || text[old - 1] == 0x0a)
  }
}
