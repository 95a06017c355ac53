#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// How a guest was started: what `run.json` of its folder tells.
public struct BootRun: Hashable, Sendable {
  /// The name of the kernel's configuration, such as `arm64-4k-va39`.
  public var kernel: String
  /// The kernel's command line, word by word.
  public var commandLine: [String]
  /// The command that started the emulator, word by word.
  public var emulator: [String]
  /// Bytes of memory. QEMU: `-m`.
  public var memory: UInt64
  /// QEMU: `-smp`.
  public var processors: UInt
  /// The machine's name without its options: `virt`, `q35` or `pc`. QEMU: `-M`.
  public var machine: String
  /// The nodes in the order of their numbers; none without NUMA.
  public var nodes: [Node]
  public var distances: [Distance]

  public struct Node: Hashable, Sendable {
    public var memory: UInt64
    /// Numbers of its processors.
    public var processors: [UInt]
  }

  public struct Distance: Hashable, Sendable {
    public var from: Int32
    public var to: Int32
    public var value: UInt64
  }

  private struct File: Decodable {
    var kernel: String
    var cmdline: String?
    var qemu: String
  }

  init(path: String) throws(BadInput) {
    let bytes = try ByteSource(path: path).readAll(limit: 1 << 20)
    guard let file = try? JSONDecoder().decode(File.self, from: Data(bytes)) else {
      throw BadInput(
        file: path, line: 0, expected: "an object with the texts kernel and qemu in JSON",
        found: "something else")
    }
    try self.init(kernel: file.kernel, commandLine: file.cmdline, emulator: file.qemu, path)
  }

  /// - Parameter file: Named when the command is not understood.
  init(
    kernel: String, commandLine: String?, emulator: String, _ file: String
  ) throws(BadInput) {
    let words = Self.words(emulator)
    func refuse(_ expected: String, _ found: String?) -> BadInput {
      BadInput(file: file, line: 0, expected: expected, found: found ?? "none")
    }
    self.kernel = kernel
    self.emulator = words
    let append = Self.values(of: "-append", words).last
    self.commandLine = Self.words(commandLine ?? append ?? "")
    machine = Self.values(of: "-M", words).last.map(Self.name) ?? "pc"
    let size = Self.values(of: "-m", words).last
    guard let memory = size.flatMap({ Self.size(Self.option("size", $0) ?? Self.name($0)) }) else {
      throw refuse("the memory of the guest, -m, in the QEMU command", size)
    }
    self.memory = memory
    let count = Self.values(of: "-smp", words).last
    guard let processors = UInt(count.map { Self.option("cpus", $0) ?? Self.name($0) } ?? "1"),
      1...4096 ~= processors
    else { throw refuse("a number of processors behind -smp in the QEMU command", count) }
    self.processors = processors
    nodes = []
    distances = []
    for topology in Self.values(of: "-numa", words) {
      guard takeTopology(topology, words) else {
        throw refuse("a node with memory, or a distance, behind -numa", topology)
      }
    }
  }

  private mutating func takeTopology(_ text: String, _ words: [String]) -> Bool {
    switch Self.name(text) {
    case "node":
      let own = Self.option("mem", text)
      let size = own ?? Self.option("memdev", text).flatMap { Self.backend($0, words) }
      guard let memory = size.flatMap({ Self.size($0) }), nodes.count < 64 else { return false }
      let cpus = Self.options("cpus", text).flatMap(Self.numbers)
      nodes.append(Node(memory: memory, processors: cpus))
      return true
    case "dist":
      guard let from = Self.option("src", text).flatMap({ Int32($0) }),
        let to = Self.option("dst", text).flatMap({ Int32($0) }),
        let value = Self.option("val", text).flatMap({ UInt64($0) })
      else { return false }
      distances.append(Distance(from: from, to: to, value: value))
      return true
    case "cpu": return true
    default: return false
    }
  }

  /// The size of the memory object named `id`.
  private static func backend(_ id: String, _ words: [String]) -> String? {
    let object = values(of: "-object", words).first { option("id", $0) == id }
    return object.flatMap { option("size", $0) }
  }
}

extension BootRun {
  /// The value of a word `name=value` of the kernel's command line; the last one counts.
  public func parameter(_ name: String) -> String? {
    let prefix = name + "="
    return commandLine.last { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
  }

  /// A size as the kernel and QEMU write it: a number, perhaps hexadecimal, and K, M, G or T; QEMU's
  /// number without a letter is MiB, the kernel's is bytes. Nil for anything else.
  public static func size(_ text: String, unit: UInt64 = 1 << 20) -> UInt64? {
    let units: [Character: UInt64] = [
      "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40,
    ]
    var digits = text[...]
    var factor = unit
    if let last = text.last, let known = units[Character(last.lowercased())] {
      factor = known
      digits = text.dropLast()
    }
    let value =
      digits.hasPrefix("0x") ? UInt64(digits.dropFirst(2), radix: 16) : UInt64(digits)
    guard let value else { return nil }
    let (bytes, overflow) = value.multipliedReportingOverflow(by: factor)
    return overflow ? nil : bytes
  }

  /// The words of a shell line with quotes, or of a kernel's command line.
  private static func words(_ text: String) -> [String] {
    var words: [String] = []
    var word = ""
    var quote: Character?
    for character in text {
      if let open = quote {
        if character == open { quote = nil } else { word.append(character) }
      } else if character == "'" || character == "\"" {
        quote = character
      } else if character == " " {
        if !word.isEmpty { words.append(word) }
        word = ""
      } else {
        word.append(character)
      }
    }
    return word.isEmpty ? words : words + [word]
  }

  private static func values(of option: String, _ words: [String]) -> [String] {
    words.indices.dropLast().filter { words[$0] == option }.map { words[$0 + 1] }
  }

  /// What stands before the first comma.
  private static func name(_ text: String) -> String {
    String(text.prefix { $0 != "," })
  }

  private static func option(_ name: String, _ text: String) -> String? {
    options(name, text).first
  }

  private static func options(_ name: String, _ text: String) -> [String] {
    text.split(separator: ",").filter { $0.hasPrefix(name + "=") }
      .map { String($0.dropFirst(name.count + 1)) }
  }

  /// `3`, or `0-3` with both ends.
  private static func numbers(_ text: String) -> [UInt] {
    let ends = text.split(separator: "-").map { UInt($0) }
    guard let first = ends.first.flatMap({ $0 }), let last = ends.last.flatMap({ $0 }),
      first <= last, last < 4096
    else { return [] }
    return Array(first...last)
  }
}
