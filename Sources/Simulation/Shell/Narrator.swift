internal import AddressSpaces
internal import KernelCore
internal import Machine
internal import MemoryTypes
internal import PageTables
internal import PhysicalMemory
internal import Recordings

/// Tells what a call or an access did, step by step, from the state before and after it.
///
/// Everything it says is read off the kernel's own objects; the kernel itself does not know that it is
/// watched. Why two areas did not merge is asked of the same fields that the kernel compared.
struct Narrator {
  let session: ShellSession
  let space: Ref<AddressSpace>
  let before: [AreaPicture]
  let figures: Figures

  /// Takes the picture before.
  init(_ session: ShellSession, of task: Ref<Task>) {
    self.session = session
    space = task.pointee.space
    before = session.explains ? AreaPicture.all(of: space) : []
    figures = Figures(space, session.computer)
  }

  /// The steps of a call that has just been made.
  func story(of call: RecordedCall, _ result: Int64) -> String {
    let after = AreaPicture.all(of: space)
    var steps: [(String, [String])] = [("asked", asked(call))]
    steps.append(("checked", limits(of: call)))
    steps.append(("found", found(call)))
    steps.append(("changed", changes(to: after)))
    steps.append(("merged", neighbours(of: call, result, after)))
    steps.append(("counted", figures.changes(to: Figures(space, session.computer), pageSize)))
    steps.append(("answer", [answer(call, result)]))
    return Self.text(steps)
  }

  /// The named steps that say something, indented, a name in front of the first line of each.
  static func text(_ steps: [(String, [String])]) -> String {
    var text = ""
    for (name, lines) in steps {
      for (index, line) in lines.enumerated() {
        let label = index == 0 ? name : ""
        text += "  \(label)\(String(repeating: " ", count: 9 - label.count)) \(line)\n"
      }
    }
    return text
  }

  var pageSize: PageSize { space.pointee.pageSize }

  private func answer(_ call: RecordedCall, _ result: Int64) -> String {
    let text = CallText.result(result, of: call.name)
    guard result < 0, result > -4096 else { return text }
    let hasChanged = AreaPicture.all(of: space) != before
    return hasChanged
      ? "\(text): refused, and what is told above stays changed" : "\(text): refused"
  }

  private func asked(_ call: RecordedCall) -> [String] {
    guard let range = CallRange(call) else { return askedOfBreak(call) }
    let page = UInt64(pageSize.bytes.rawValue)
    var lines: [String] = []
    if range.length > 0 {
      let pages = range.length / page + (range.length % page == 0 ? 0 : 1)
      let count = pages == 1 ? "1 page" : "\(pages) pages"
      lines.append("\(range.length) bytes: \(count) of \(page / 1024) KiB")
    } else {
      lines.append("length 0")
    }
    if range.address % page != 0 {
      lines.append(
        "address \(CallText.hex(range.address)) is not at the start of a page"
          + (range.mayRound ? ": rounded down, for it is a hint" : ""))
    }
    return lines
  }

  private func askedOfBreak(_ call: RecordedCall) -> [String] {
    guard call.name == .brk else { return [] }
    let start = CallText.hex(UInt64(space.pointee.heapStart.rawValue))
    return [
      "the break is \(CallText.hex(figures.programBreak)), the heap begins at \(start)",
      "only a break that cannot be had leaves the old one: the call knows no error",
    ]
  }

  private func limits(of call: RecordedCall) -> [String] {
    guard let range = CallRange(call) else { return [] }
    var lines: [String] = []
    let end = range.address.addingReportingOverflow(range.length)
    let taskSize = UInt64(space.pointee.layout.taskSize.rawValue)
    if range.isPlace {
      let isInside = !end.overflow && end.partialValue <= taskSize
      lines.append(
        "the range ends \(isInside ? "at" : "beyond") \(CallText.hex(taskSize)), the task size"
          .replacing("ends at", with: "ends at \(CallText.hex(end.partialValue)), below"))
    }
    let limit = space.pointee.limits.maximumVMAs
    lines.append("\(before.count) VMAs of at most \(limit)")
    if range.adds {
      lines.append(
        "address space \(figures.total) + \(pages(range.length)) pages of "
          + Self.limit(space.pointee.limits.addressSpace, pageSize))
      let commit = session.computer.kernel.services.pointee.commit
      lines.append(
        "committed \(figures.committed) pages of the machine's \(commit.totalPages.rawValue), "
          + "policy \(commit.policy)")
    }
    return lines
  }

  private func pages(_ length: UInt64) -> UInt64 {
    let page = UInt64(pageSize.bytes.rawValue)
    return length / page + (length % page == 0 ? 0 : 1)
  }

  private static func limit(_ bytes: ByteCount, _ pageSize: PageSize) -> String {
    bytes.rawValue == .max ? "no limit" : "at most \(bytes.rawValue >> UInt(pageSize.shift))"
  }

  private func found(_ call: RecordedCall) -> [String] {
    guard let range = CallRange(call) else { return [] }
    guard range.isPlace, range.length > 0 else { return placement(call) }
    let (end, overflows) = range.address.addingReportingOverflow(range.length)
    guard !overflows else { return ["the range wraps around the end of all addresses"] }
    let inside = before.filter {
      UInt64($0.range.start.rawValue) < end && range.address < UInt64($0.range.end.rawValue)
    }
    if inside.isEmpty { return ["no VMA in \(CallText.hex(range.address))-\(CallText.hex(end))"] }
    var lines = inside.prefix(6).map { "VMA \($0.text)" }
    if inside.count > 6 { lines.append("and \(inside.count - 6) more") }
    let covered = inside.reduce(UInt64(0)) { sum, area in
      sum + min(end, UInt64(area.range.end.rawValue))
        - max(range.address, UInt64(area.range.start.rawValue))
    }
    if covered < range.length { lines.append("with \(range.length - covered) bytes of holes") }
    return lines
  }

  /// How the search for a free place went.
  private func placement(_ call: RecordedCall) -> [String] {
    guard call.name == .mmap else { return [] }
    let layout = space.pointee.layout
    if call.arguments.a0 != 0 {
      return ["a hint: taken if the range there is free, else the search goes top-down"]
    }
    if call.arguments.a3 & UInt64(MapFlags.low2GB.rawValue) != 0 {
      return ["MAP_32BIT: the search goes up from 0x40000000"]
    }
    return [
      "no hint: the highest free range below the mmap base, "
        + CallText.hex(UInt64(layout.mmapBase.rawValue))
    ]
  }

  private func changes(to after: [AreaPicture]) -> [String] {
    let old = Dictionary(before.map { ($0.vma, $0) }, uniquingKeysWith: { one, _ in one })
    let new = Dictionary(after.map { ($0.vma, $0) }, uniquingKeysWith: { one, _ in one })
    var lines: [String] = []
    for area in before where new[area.vma] == nil { lines.append("gone     \(area.text)") }
    for area in after {
      guard let earlier = old[area.vma] else {
        lines.append("new      \(area.text)\(origin(of: area))")
        continue
      }
      if earlier.range != area.range {
        lines.append("\(Self.verb(earlier, area)) \(earlier.text)")
        lines.append("      to \(area.text)")
      } else if earlier.flags != area.flags {
        let names = earlier.flags.symmetricDifference(area.flags).names
        lines.append("changed  \(area.text) (\(names))")
      }
    }
    return lines.isEmpty ? ["no VMA"] : lines
  }

  private static func verb(_ old: AreaPicture, _ new: AreaPicture) -> String {
    old.range.count < new.range.count ? "grown   " : "cut     "
  }

  /// Whether a new area is a part of one that stood there.
  private func origin(of area: AreaPicture) -> String {
    let parent = before.first {
      $0.range.start <= area.range.start && area.range.end <= $0.range.end
    }
    return parent == nil ? "" : ", split from \(parent!.range.text)"
  }

  /// What stands at both sides of the range now, and why it is not one with it.
  private func neighbours(
    of call: RecordedCall, _ result: Int64, _ after: [AreaPicture]
  ) -> [String] {
    guard result >= 0 || result < -4095, let range = CallRange(call) else { return [] }
    let start = range.isPlace ? range.address : UInt64(bitPattern: result)
    guard
      let index = after.firstIndex(where: {
        UInt64($0.range.start.rawValue) <= start && start < UInt64($0.range.end.rawValue)
      })
    else { return [] }
    let area = after[index]
    var lines: [String] = []
    let joined = before.filter {
      $0.range != area.range && area.range.start <= $0.range.start && $0.range.end <= area.range.end
    }
    for other in joined { lines.append("with \(other.text): alike in all that counts") }
    if index > 0 { lines += refusal(after[index - 1], area, other: after[index - 1]) }
    if index + 1 < after.count { lines += refusal(area, after[index + 1], other: after[index + 1]) }
    return lines
  }

  private func refusal(
    _ below: AreaPicture, _ above: AreaPicture, other: AreaPicture
  ) -> [String] {
    guard below.range.end == above.range.start else { return [] }
    let reason = below.obstacle(to: above, pageSize) ?? "nothing speaks against it"
    return ["not with \(other.text): \(reason)"]
  }
}

extension VirtualRange {
  fileprivate var text: String {
    "\(String(start.rawValue, radix: 16))-\(String(end.rawValue, radix: 16))"
  }
}

/// The range that a call is about.
struct CallRange {
  var address: UInt64
  var length: UInt64
  /// The call works on this very place; else the kernel looks for one.
  var isPlace: Bool
  /// The address is a hint.
  var mayRound = false
  /// The call may add pages to the address space.
  var adds = false

  /// Nil for a call without a range.
  init?(_ call: RecordedCall) {
    let a = call.arguments
    switch call.name {
    case .mmap:
      let isFixed = a.a3 & UInt64(MapFlags([.fixed, .fixedNoReplace]).rawValue) != 0
      self.init(address: a.a0, length: a.a1, isPlace: isFixed, mayRound: !isFixed, adds: true)
    case .mremap:
      self.init(address: a.a0, length: a.a1, isPlace: true, adds: a.a2 > a.a1)
    case .munmap, .mprotect, .madvise, .msync, .mlock, .mlock2, .munlock, .mseal, .remapFilePages:
      self.init(address: a.a0, length: a.a1, isPlace: true)
    default: return nil
    }
  }

  private init(
    address: UInt64, length: UInt64, isPlace: Bool, mayRound: Bool = false, adds: Bool = false
  ) {
    self.address = address
    self.length = length
    self.isPlace = isPlace
    self.mayRound = mayRound
    self.adds = adds
  }
}
