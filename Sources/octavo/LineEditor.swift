import Foundation

/// Reads lines from a person: arrows move and bring back earlier lines, tab completes the word.
///
/// Where standard input or output is no terminal, lines are read as they come, without a prompt.
final class LineEditor {
  let isInteractive = isatty(STDIN_FILENO) == 1 && Terminal.outputIsTerminal
  private let prompt: String
  private let completions: [String]
  private var history: [String] = []
  private var line = EditedLine()

  init(prompt: String, completions: [String]) {
    self.prompt = prompt
    self.completions = completions
  }

  /// The next line without its newline; nil at the end of input.
  func readLine() -> String? {
    guard isInteractive, let mode = RawMode() else { return Swift.readLine() }
    defer { mode.restore() }
    line = EditedLine()
    var place = history.count
    draw()
    while true {
      switch Key.read() {
      case .end where line.isEmpty: return finish(nil)
      case .end: line.deleteForward()
      case .enter: return finish(line.text)
      case .interrupt: return finish("")
      case .tab: complete()
      case .up: recall(&place, -1)
      case .down: recall(&place, 1)
      case .edit(let edit): edit(&line)
      case .closed: return finish(nil)
      case .other: break
      }
      draw()
    }
  }

  private func finish(_ text: String?) -> String? {
    StandardStreams.write("\r\n")
    if let text, !text.isEmpty, history.last != text { history.append(text) }
    return text
  }

  private func recall(_ place: inout Int, _ step: Int) {
    place = min(max(place + step, 0), history.count)
    line = EditedLine(place < history.count ? history[place] : "")
  }

  /// Completes the word before the cursor as far as it is certain; lists the choices otherwise.
  private func complete() {
    let word = line.word
    let choices = completions.filter { $0.hasPrefix(word) }
    guard let first = choices.first else { return }
    let common = choices.dropFirst().reduce(first) { $0.commonPrefix(with: $1) }
    if common.count > word.count { line.insert(String(common.dropFirst(word.count))) }
    if choices.count == 1 {
      line.insert(" ")
    } else if common == word {
      StandardStreams.write("\r\n" + choices.joined(separator: "  ") + "\r\n")
    }
  }

  private func draw() {
    let back = line.charactersBehind
    StandardStreams.write(
      "\r\u{1b}[K\(prompt)\(line.text)" + (back > 0 ? "\u{1b}[\(back)D" : ""))
  }
}

/// A line and the cursor in it.
struct EditedLine {
  private var characters: [Character] = []
  private var cursor = 0

  init(_ text: String = "") {
    characters = Array(text)
    cursor = characters.count
  }

  var text: String { String(characters) }
  var isEmpty: Bool { characters.isEmpty }
  var charactersBehind: Int { characters.count - cursor }

  /// The letters right before the cursor.
  var word: String {
    String(characters[..<cursor].reversed().prefix { $0.isLetter || $0 == "_" }.reversed())
  }

  mutating func insert(_ text: String) {
    characters.insert(contentsOf: text, at: cursor)
    cursor += text.count
  }

  mutating func deleteBackward() {
    guard cursor > 0 else { return }
    cursor -= 1
    characters.remove(at: cursor)
  }

  mutating func deleteForward() {
    if cursor < characters.count { characters.remove(at: cursor) }
  }

  mutating func deleteToStart() {
    characters.removeFirst(cursor)
    cursor = 0
  }

  mutating func deleteToEnd() { characters.removeLast(charactersBehind) }
  mutating func move(by step: Int) { cursor = min(max(cursor + step, 0), characters.count) }
  mutating func moveToStart() { cursor = 0 }
  mutating func moveToEnd() { cursor = characters.count }
}

/// A key that was pressed.
private enum Key {
  case enter, tab, up, down, interrupt, end, closed, other
  case edit((inout EditedLine) -> Void)

  static func read() -> Key {
    guard let byte = nextByte() else { return .closed }
    switch byte {
    case 13, 10: return .enter
    case 9: return .tab
    case 3: return .interrupt
    case 4: return .end
    case 1: return .edit { $0.moveToStart() }
    case 5: return .edit { $0.moveToEnd() }
    case 2: return .edit { $0.move(by: -1) }
    case 6: return .edit { $0.move(by: 1) }
    case 11: return .edit { $0.deleteToEnd() }
    case 21: return .edit { $0.deleteToStart() }
    case 16: return .up
    case 14: return .down
    case 8, 127: return .edit { $0.deleteBackward() }
    case 27: return escape()
    case 32..<127:
      let text = String(UnicodeScalar(byte))
      return .edit { $0.insert(text) }
    default: return .other
    }
  }

  /// `ESC [ A` and the like.
  private static func escape() -> Key {
    guard let bracket = nextByte(), bracket == 0x5b || bracket == 0x4f else { return .other }
    switch nextByte() {
    case UInt8(ascii: "A"): return .up
    case UInt8(ascii: "B"): return .down
    case UInt8(ascii: "C"): return .edit { $0.move(by: 1) }
    case UInt8(ascii: "D"): return .edit { $0.move(by: -1) }
    case UInt8(ascii: "H"): return .edit { $0.moveToStart() }
    case UInt8(ascii: "F"): return .edit { $0.moveToEnd() }
    case UInt8(ascii: "3"):
      _ = nextByte()
      return .edit { $0.deleteForward() }
    default: return .other
    }
  }

  private static func nextByte() -> UInt8? {
    var byte: UInt8 = 0
    // SAFETY: one byte is read into one byte.
    return unsafe Foundation.read(STDIN_FILENO, &byte, 1) == 1 ? byte : nil
  }
}

/// The terminal gives each key at once and echoes none, until it is restored.
private struct RawMode {
  private var earlier = termios()

  init?() {
    // SAFETY: both calls fill or read the structure they are given.
    guard unsafe tcgetattr(STDIN_FILENO, &earlier) == 0 else { return nil }
    var raw = earlier
    raw.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG)
    guard unsafe tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0 else { return nil }
  }

  func restore() {
    var mode = earlier
    _ = unsafe tcsetattr(STDIN_FILENO, TCSADRAIN, &mode)
  }
}
