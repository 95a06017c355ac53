internal import MemoryTypes

/// The calls by name, and how often those came that mean nothing here.
struct StraceNames {
  enum Kind {
    case memory(CallName)
    case descriptor(DescriptorName)
    case process(ProcessName)
    case other
  }

  /// Calls that open, close or tell about a descriptor.
  enum DescriptorName: UInt64 {
    case open = 1000
    case openat, openat2, creat, close, closeRange, dup, dup2, dup3, fcntl, fstat
    case fstatat, fallocate
  }

  /// Calls that make, change or end a task, or set its limits.
  enum ProcessName: UInt64 {
    case execve = 2000
    case execveat, clone, clone3, fork, vfork, exit, prlimit
  }

  private static let table = SymbolTable(
    CallSymbols.pairs + [
      ("mmap2", UInt64(CallName.mmap.rawValue)),
      ("ftruncate64", UInt64(CallName.ftruncate.rawValue)),
      ("open", DescriptorName.open.rawValue), ("openat", DescriptorName.openat.rawValue),
      ("openat2", DescriptorName.openat2.rawValue), ("creat", DescriptorName.creat.rawValue),
      ("close", DescriptorName.close.rawValue),
      ("close_range", DescriptorName.closeRange.rawValue), ("dup", DescriptorName.dup.rawValue),
      ("dup2", DescriptorName.dup2.rawValue), ("dup3", DescriptorName.dup3.rawValue),
      ("fcntl", DescriptorName.fcntl.rawValue), ("fcntl64", DescriptorName.fcntl.rawValue),
      ("fstat", DescriptorName.fstat.rawValue), ("fstat64", DescriptorName.fstat.rawValue),
      ("newfstatat", DescriptorName.fstatat.rawValue),
      ("fstatat64", DescriptorName.fstatat.rawValue),
      ("fallocate", DescriptorName.fallocate.rawValue),
      ("execve", ProcessName.execve.rawValue), ("execveat", ProcessName.execveat.rawValue),
      ("clone", ProcessName.clone.rawValue), ("clone3", ProcessName.clone3.rawValue),
      ("fork", ProcessName.fork.rawValue), ("vfork", ProcessName.vfork.rawValue),
      ("exit", ProcessName.exit.rawValue), ("exit_group", ProcessName.exit.rawValue),
      ("prlimit64", ProcessName.prlimit.rawValue),
    ])

  private let table = Self.table
  private var counted: [UInt64: (name: String, count: Int)] = [:]

  func kind(of word: Range<Int>, in line: LineCursor) -> Kind {
    guard let value = table.value(of: word, in: line) else { return .other }
    if value < 1000, let name = CallName(rawValue: UInt8(truncatingIfNeeded: value)) {
      return .memory(name)
    }
    if let name = DescriptorName(rawValue: value) { return .descriptor(name) }
    return ProcessName(rawValue: value).map { .process($0) } ?? .other
  }

  /// Whether the beginning of a call is that of one that makes a task.
  func isFork(_ text: [UInt8]) -> Bool {
    for name in ["clone(", "clone3(", "fork(", "vfork("] where text.starts(with: name.utf8) {
      return true
    }
    return false
  }

  /// How often each name came that made no event.
  var counts: [String: Int] {
    Dictionary(counted.values.map { ($0.name, $0.count) }, uniquingKeysWith: +)
  }

  mutating func count(_ word: Range<Int>, in line: LineCursor) {
    let hash = unsafe PathTable.hash(line.bytes(word))
    if let known = counted.index(forKey: hash) {
      counted.values[known].count += 1
      return
    }
    // A text with endlessly many names must not fill memory.
    let name = counted.count < 4096 ? line.string(word) : "other"
    counted[counted.count < 4096 ? hash : 0, default: (name, 0)].count += 1
  }

  mutating func count(_ name: StaticString) {
    // SAFETY: a literal's bytes live for ever.
    let bytes = unsafe UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
    counted[unsafe PathTable.hash(bytes), default: ("\(name)", 0)].count += 1
  }
}
