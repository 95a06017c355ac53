internal import KernelCore
internal import KernelHeap
internal import MemoryTypes
internal import Recordings

/// A command of the shell that is no system call.
struct ShellVerb: Sendable {
  let name: String
  let usage: String
  let help: String
  /// Returns what is printed, or nil to end the session.
  let run: @Sendable (ShellSession, [String]) throws(ShellError) -> String?

  static let all: [ShellVerb] = [
    ShellVerb(name: "help", usage: "help", help: "this list") { _, _ in Self.helpText },
    ShellVerb(name: "explain", usage: "explain [on|off|COMMAND]", help: "tell calls step by step") {
      (session, words) throws(ShellError) in try explain(session, words)
    },
    ShellVerb(name: "touch", usage: "touch ADDRESS [LENGTH]", help: "write to each page") {
      (session, words) throws(ShellError) in try access(session, .write, words)
    },
    ShellVerb(name: "read", usage: "read ADDRESS [LENGTH]", help: "read from each page") {
      (session, words) throws(ShellError) in try access(session, .read, words)
    },
    ShellVerb(name: "walk", usage: "walk ADDRESS", help: "the page-table entries of an address") {
      (session, words) throws(ShellError) in
      try session.walkText(address(session, words))
    },
    ShellVerb(name: "vma", usage: "vma ADDRESS", help: "the mapping that holds an address") {
      (session, words) throws(ShellError) in
      try session.areaText(address(session, words))
    },
    ShellVerb(name: "fork", usage: "fork", help: "copy the process, and go on as the copy") {
      (session, _) throws(ShellError) in try session.fork()
    },
    ShellVerb(name: "exit", usage: "exit", help: "end the process") { session, _ in session.exit()
    },
    ShellVerb(name: "task", usage: "task [N]", help: "the processes; go on as N") {
      (session, words) throws(ShellError) in try task(session, words)
    },
    ShellVerb(name: "maps", usage: "maps", help: "/proc/PID/maps") { session, _ in
      session.text { $0.kernel.writeMaps(of: session.task, to: &$1) }
    },
    ShellVerb(name: "status", usage: "status", help: "sizes of the process") { session, _ in
      session.statusText
    },
    ShellVerb(name: "buddyinfo", usage: "buddyinfo", help: "/proc/buddyinfo") { session, _ in
      session.text { $0.kernel.writeBuddyInfo(to: &$1) }
    },
    ShellVerb(name: "pagetypeinfo", usage: "pagetypeinfo", help: "/proc/pagetypeinfo") {
      session, _ in session.text { $0.kernel.writePageTypeInfo(to: &$1) }
    },
    ShellVerb(name: "zoneinfo", usage: "zoneinfo", help: "/proc/zoneinfo") { session, _ in
      session.text { $0.kernel.writeZoneInfo(to: &$1) }
    },
    ShellVerb(name: "meminfo", usage: "meminfo", help: "/proc/meminfo") { session, _ in
      session.text { $0.kernel.writeMemInfo(to: &$1) }
    },
    ShellVerb(name: "vmstat", usage: "vmstat", help: "/proc/vmstat") { session, _ in
      session.text { $0.kernel.writeVMStat(to: &$1) }
    },
    ShellVerb(name: "iomem", usage: "iomem", help: "memory in /proc/iomem") { session, _ in
      session.text { $0.writeResources(to: &$1) }
    },
    ShellVerb(name: "kpage", usage: "kpage FRAME", help: "/proc/kpageflags and kpagecount") {
      (session, words) throws(ShellError) in try frame(session, words)
    },
    ShellVerb(name: "slabinfo", usage: "slabinfo", help: "/proc/slabinfo") { session, _ in
      session.text { SlabHeap.writeSlabInfo(of: $0.pages, to: &$1) }
    },
    ShellVerb(name: "slabs", usage: "slabs", help: "/sys/kernel/slab, with SLUB") { session, _ in
      session.text { SlabHeap.writeFacts(of: $0.pages, to: &$1) }
    },
    ShellVerb(name: "quit", usage: "quit", help: "leave") { _, _ in nil },
  ]

  private static var helpText: String {
    let width = all.map(\.usage.count).max() ?? 0
    let lines = all.map { verb in
      "  \(verb.usage)\(String(repeating: " ", count: width - verb.usage.count))  \(verb.help)"
    }
    return lines.joined(separator: "\n") + """

        calls: \(ShellSession.callNames.joined(separator: " "))
        in full, mmap(NULL, 8K, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0), or in words:
          mmap LENGTH [rwx] [ADDRESS]    mprotect ADDRESS LENGTH rwx    mremap ADDRESS OLD NEW
        _ is the last address, heap and stack where those begin; 4K, 2M, _+8K; # begins a comment

      """
  }

  private static func address(
    _ session: ShellSession, _ words: [String]
  ) throws(ShellError) -> UInt64 {
    guard let word = words.first else { throw ShellError("an address is missing") }
    return try session.line.number(word)
  }

  /// One access for each page of the range.
  private static func access(
    _ session: ShellSession, _ kind: AccessKind, _ words: [String]
  ) throws(ShellError) -> String {
    let start = try address(session, words)
    let length = words.count > 1 ? try session.line.number(words[1]) : 1
    let page = UInt64(session.computer.configuration.pageSize.bytes.rawValue)
    guard length <= 4096 * page else { throw ShellError("at most 4096 pages at a time") }
    var text = ""
    var counted = 0
    var place = start
    repeat {
      let line = session.access(kind, place)
      // Many pages: the first tell enough.
      if counted < 8 || !line.hasSuffix(": ok\n") { text += line }
      counted += 1
      place = (place & ~(page - 1)) &+ page
    } while place < start &+ length && place > start
    return counted > 8 ? text + "\(counted) pages\n" : text
  }

  private static func frame(
    _ session: ShellSession, _ words: [String]
  ) throws(ShellError) -> String {
    guard let word = words.first else { throw ShellError("a frame number is missing") }
    let number = PageFrameNumber(UInt(clamping: try session.line.number(word)))
    let flags = session.computer.kernel.pageFlags(of: number)
    let count = session.computer.kernel.mapCount(of: number)
    return "flags \(CallText.hex(flags)) count \(count)\n"
  }

  private static func explain(
    _ session: ShellSession, _ words: [String]
  ) throws(ShellError) -> String? {
    switch words.first {
    case "on": session.explains = true
    case "off": session.explains = false
    case nil: throw ShellError("explain takes on, off or a command")
    default:
      let before = session.explains
      session.explains = true
      defer { session.explains = before }
      return try session.run(words.joined(separator: " "))
    }
    return ""
  }

  private static func task(
    _ session: ShellSession, _ words: [String]
  ) throws(ShellError) -> String {
    if let word = words.first {
      guard let id = Int32(word), session.replayer.tasks[id] != nil else {
        throw ShellError("no task \(word)")
      }
      session.current = id
    }
    return session.replayer.tasks.keys.sorted().map { id in
      "\(id == session.current ? "*" : " ") task \(id)\n"
    }.joined()
  }
}
