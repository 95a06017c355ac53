internal import MemoryTypes
public import Recordings

/// Calls as people and oracle logs write them: addresses hexadecimal, lengths decimal, flags by name.
public enum CallText {
  /// `NAME(ARGUMENTS)`.
  public static func call(_ call: RecordedCall) -> String {
    "\(call.name.text)(\(arguments(of: call).joined(separator: ", ")))"
  }

  /// `0x…` for a call that returns an address, `0`, or `-ERRNO`.
  public static func result(of call: RecordedCall) -> String {
    result(call.result, of: call.name)
  }

  public static func result(_ result: Int64, of name: CallName) -> String {
    if result < 0, result > -4096 { return error(Errno(Int32(-result))) }
    switch name {
    case .mmap, .mremap, .brk: return hex(UInt64(bitPattern: result))
    default: return "\(result)"
    }
  }

  static func error(_ errno: Errno) -> String {
    errno.name.map { "-\($0)" } ?? "-\(errno.rawValue)"
  }

  static func hex(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }

  private static func arguments(of call: RecordedCall) -> [String] {
    let a = call.arguments
    switch call.name {
    case .brk: return [hex(a.a0)]
    case .mmap:
      return [
        address(a.a0), "\(a.a1)", flags(a.a2, .protection), flags(a.a3, .map),
        descriptor(call, a.a4),
        offset(a.a5),
      ]
    case .mremap:
      let words = [hex(a.a0), "\(a.a1)", "\(a.a2)", flags(a.a3, .remap)]
      return a.a4 != 0 || a.a3 & 6 != 0 ? words + [hex(a.a4)] : words
    case .mprotect: return [hex(a.a0), "\(a.a1)", flags(a.a2, .protection)]
    case .madvise: return [hex(a.a0), "\(a.a1)", name(a.a2, .advice)]
    case .msync: return [hex(a.a0), "\(a.a1)", flags(a.a2, .sync)]
    case .mlock2: return [hex(a.a0), "\(a.a1)", flags(a.a2, .lock)]
    case .mlockall: return [flags(a.a0, .lockAll)]
    case .munlockall: return []
    case .munmap, .mlock, .munlock: return [hex(a.a0), "\(a.a1)"]
    case .mseal: return [hex(a.a0), "\(a.a1)", "\(a.a2)"]
    case .remapFilePages: return [hex(a.a0), "\(a.a1)", "\(a.a2)", "\(a.a3)", hexOrZero(a.a4)]
    case .ftruncate: return [descriptor(call, a.a0), "\(a.a1)"]
    default: return [a.a0, a.a1, a.a2, a.a3, a.a4, a.a5].map(hex)
    }
  }

  private static func address(_ value: UInt64) -> String { value == 0 ? "NULL" : hex(value) }
  private static func hexOrZero(_ value: UInt64) -> String { value == 0 ? "0" : hex(value) }
  private static func offset(_ value: UInt64) -> String { hexOrZero(value) }

  /// A subject's descriptor by its name; -1 for none.
  private static func descriptor(_ call: RecordedCall, _ number: UInt64) -> String {
    if call.file != nil, let known = FuzzDescriptor.open.first(where: { $0.number == number }) {
      return known.name
    }
    return "\(Int64(bitPattern: number))"
  }

  private static func name(_ value: UInt64, _ names: FlagNames) -> String {
    names.names.first { $0.value == value }?.name ?? "\(value)"
  }

  /// Names joined by `|`, then the bits that have none.
  private static func flags(_ value: UInt64, _ names: FlagNames) -> String {
    var rest = value
    var words: [String] = []
    for (name, bits) in names.names where bits != 0 && rest & bits == bits {
      words.append(name)
      rest &= ~bits
    }
    if rest != 0 { words.append(hex(rest)) }
    return words.isEmpty ? names.zero : words.joined(separator: "|")
  }
}

/// The names of one argument's bits; those of several bits stand before their parts.
private struct FlagNames {
  var zero = "0"
  var names: [(name: String, value: UInt64)]

  static var protection: FlagNames {
    FlagNames(
      zero: "PROT_NONE",
      names: [
        ("PROT_READ", 1), ("PROT_WRITE", 2), ("PROT_EXEC", 4), ("PROT_SEM", 8),
        ("PROT_GROWSDOWN", 0x100_0000), ("PROT_GROWSUP", 0x200_0000),
      ])
  }

  static var map: FlagNames {
    FlagNames(names: [
      ("MAP_SHARED_VALIDATE", 3), ("MAP_SHARED", 1), ("MAP_PRIVATE", 2), ("MAP_FIXED", 0x10),
      ("MAP_ANONYMOUS", 0x20), ("MAP_32BIT", 0x40), ("MAP_GROWSDOWN", 0x100),
      ("MAP_DENYWRITE", 0x800), ("MAP_EXECUTABLE", 0x1000), ("MAP_LOCKED", 0x2000),
      ("MAP_NORESERVE", 0x4000), ("MAP_POPULATE", 0x8000), ("MAP_NONBLOCK", 0x1_0000),
      ("MAP_STACK", 0x2_0000), ("MAP_HUGETLB", 0x4_0000), ("MAP_SYNC", 0x8_0000),
      ("MAP_FIXED_NOREPLACE", 0x10_0000),
    ])
  }

  static var remap: FlagNames {
    FlagNames(names: [("MREMAP_MAYMOVE", 1), ("MREMAP_FIXED", 2), ("MREMAP_DONTUNMAP", 4)])
  }

  static var sync: FlagNames {
    FlagNames(names: [("MS_ASYNC", 1), ("MS_INVALIDATE", 2), ("MS_SYNC", 4)])
  }

  static var lock: FlagNames { FlagNames(names: [("MLOCK_ONFAULT", 1)]) }

  static var lockAll: FlagNames {
    FlagNames(names: [("MCL_CURRENT", 1), ("MCL_FUTURE", 2), ("MCL_ONFAULT", 4)])
  }

  static var advice: FlagNames {
    FlagNames(names: [
      ("MADV_NORMAL", 0), ("MADV_RANDOM", 1), ("MADV_SEQUENTIAL", 2), ("MADV_WILLNEED", 3),
      ("MADV_DONTNEED", 4), ("MADV_FREE", 8), ("MADV_REMOVE", 9), ("MADV_DONTFORK", 10),
      ("MADV_DOFORK", 11), ("MADV_MERGEABLE", 12), ("MADV_UNMERGEABLE", 13),
      ("MADV_HUGEPAGE", 14), ("MADV_NOHUGEPAGE", 15), ("MADV_DONTDUMP", 16), ("MADV_DODUMP", 17),
      ("MADV_WIPEONFORK", 18), ("MADV_KEEPONFORK", 19), ("MADV_COLD", 20), ("MADV_PAGEOUT", 21),
      ("MADV_POPULATE_READ", 22), ("MADV_POPULATE_WRITE", 23), ("MADV_DONTNEED_LOCKED", 24),
      ("MADV_COLLAPSE", 25), ("MADV_GUARD_INSTALL", 102), ("MADV_GUARD_REMOVE", 103),
    ])
  }
}
