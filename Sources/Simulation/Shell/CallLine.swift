internal import MemoryTypes
internal import Recordings

/// Reads a call as people write it: `mmap(NULL, 8K, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)`, or in
/// words, `mmap 8K r`.
///
/// Numbers may have K, M, G behind them and be sums; `_` is the last address that came out, `heap` and
/// `stack` where those begin. The call itself is read by the reader of oracle logs, so that both know
/// the same names.
struct CallLine {
  /// What `_`, `heap` and `stack` stand for at the moment.
  var names: [String: UInt64]

  /// The call, with all its arguments spelled out.
  func call(_ text: String) throws(ShellError) -> RecordedCall {
    let (name, arguments) = try Self.split(text)
    let full = text.contains("(") ? arguments : try spelledOut(name, arguments)
    let line = "\(name)(\(full.map(resolved).joined(separator: ", ")))"
    return try read(line)
  }

  /// A number, a size, a name or a sum of these.
  func number(_ text: String) throws(ShellError) -> UInt64 {
    guard let value = value(text) else {
      throw ShellError("'\(text)' is no address or size")
    }
    return value
  }

  private func read(_ line: String) throws(ShellError) -> RecordedCall {
    do {
      let reader = try OracleReader(name: "call", text: "\(Self.header)1 \(line) = 0\n")
      if case .call(let call) = try reader.next()?.body { return call }
    } catch {
      throw ShellError("expected \(error.expected), found \(error.found)")
    }
    throw ShellError("'\(line)' is no call")
  }

  private static var header: String {
    let files = FuzzFile.all.map {
      $0.isMemory ? "memfd \($0.name) size \($0.size)" : "file \($0.name) size \($0.size)"
    }
    return "# mmoracle 1\n# \(files.joined(separator: " content: ; ")) content:\n"
      + "# descriptors \(FuzzDescriptor.open.map(\.text).joined(separator: ", "))\n"
  }

  private static func split(_ text: String) throws(ShellError) -> (String, [String]) {
    let text = text.trimmed
    guard let open = text.firstIndex(of: "(") else {
      let words = text.split(separator: " ").map(String.init)
      return (words.first ?? "", Array(words.dropFirst()))
    }
    guard text.last == ")" else { throw ShellError("a call ends with ')'") }
    let inner = text[text.index(after: open)..<text.index(before: text.endIndex)]
    let arguments = inner.split(separator: ",").map { String($0).trimmed }
    return (String(text[..<open]).trimmed, arguments)
  }

  /// The arguments of a call in words, made those of the call.
  private func spelledOut(_ name: String, _ words: [String]) throws(ShellError) -> [String] {
    var words = words
    switch name {
    case "mmap":
      guard let length = words.first else { throw ShellError("mmap LENGTH [rwx] [ADDRESS]") }
      let protection = words.count > 1 ? Self.protection(words[1]) : "PROT_READ|PROT_WRITE"
      let address = words.count > 2 ? words[2] : "NULL"
      return [address, length, protection, "MAP_PRIVATE|MAP_ANONYMOUS", "-1", "0"]
    case "mprotect":
      if words.count > 2 { words[2] = Self.protection(words[2]) }
    case "madvise":
      if words.count > 2, !words[2].hasPrefix("MADV_") {
        words[2] = "MADV_" + words[2].uppercased()
      }
    case "mremap":
      if words.count == 3 { words.append("MREMAP_MAYMOVE") }
      if words.count > 3, words[3] == "maymove" { words[3] = "MREMAP_MAYMOVE" }
    case "brk":
      if words.isEmpty { words = ["0"] }
    default: break
    }
    return words
  }

  /// `rw` as the call has it; anything else stays.
  private static func protection(_ letters: String) -> String {
    if letters == "none" || letters == "-" { return "PROT_NONE" }
    let names: [Character: String] = ["r": "PROT_READ", "w": "PROT_WRITE", "x": "PROT_EXEC"]
    let words = letters.filter { $0 != "-" }.map { names[$0] }
    return words.contains(nil) ? letters : words.compactMap { $0 }.joined(separator: "|")
  }

  /// An argument with numbers for what this reader alone knows; flags stay as they are.
  private func resolved(_ argument: String) -> String {
    guard !argument.hasPrefix("-"), let value = value(argument) else { return argument }
    return argument.first?.isNumber == true && UInt64(argument) != nil
      ? argument : CallText.hex(value)
  }

  private func value(_ text: String) -> UInt64? {
    var sum: UInt64 = 0
    var sign: Character = "+"
    var rest = text[...]
    while true {
      let term = rest.prefix { $0 != "+" && $0 != "-" }
      guard let value = self.term(String(term).trimmed) else { return nil }
      sum = sign == "+" ? sum &+ value : sum &- value
      rest = rest[term.endIndex...]
      guard let next = rest.popFirst() else { return sum }
      sign = next
    }
  }

  private func term(_ text: String) -> UInt64? {
    if let value = names[text] { return value }
    if text.hasPrefix("0x") { return UInt64(text.dropFirst(2), radix: 16) }
    let shifts: [Character: UInt64] = ["K": 10, "M": 20, "G": 30, "T": 40]
    guard let last = text.last, let shift = shifts[last] else { return UInt64(text) }
    guard let count = UInt64(text.dropLast()), count <= .max >> shift else { return nil }
    return count << shift
  }
}

extension String {
  var trimmed: String {
    var text = self[...]
    while text.first == " " { text.removeFirst() }
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}
