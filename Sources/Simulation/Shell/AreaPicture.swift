internal import AddressSpaces
internal import KernelCore
internal import MemoryTypes
internal import Recordings

/// A VMA as it was at one moment: what a story compares before and after a call.
struct AreaPicture: Equatable {
  let vma: Ref<VMA>
  let range: VirtualRange
  let flags: VMAFlags
  let pageOffset: UInt
  let file: Ref<MappedFile>?
  let family: Ref<AnonVMA>?
  let hasInheritedPages: Bool
  let special: VMA.SpecialMapping
  let line: String

  init(_ vma: Ref<VMA>, _ space: Ref<AddressSpace>) {
    self.vma = vma
    let area = vma.pointee
    range = area.range
    flags = area.flags
    pageOffset = area.pageOffset
    file = area.file
    family = area.anonVMA
    hasInheritedPages = area.hasInheritedPages
    special = area.special
    line =
      MapLine(
        start: UInt64(range.start.rawValue), end: UInt64(range.end.rawValue),
        permissions: flags.mapPermissions, offset: area.fileOffset(space.pointee.pageSize),
        path: Self.path(of: vma, space)
      ).description
  }

  private static func path(of vma: Ref<VMA>, _ space: Ref<AddressSpace>) -> String {
    switch space.pointee.label(of: vma) {
    case .heap: return "[heap]"
    case .stack: return "[stack]"
    case .sharedAnonymous: return "/dev/zero (deleted)"
    case .vdso: return "[vdso]"
    case .vvar: return "[vvar]"
    case .vvarClock: return "[vvar_vclock]"
    default: break
    }
    guard let file = vma.pointee.file else { return "" }
    var collector = ByteCollector()
    file.pointee.name.write(to: &collector)
    return String(decoding: collector.bytes, as: UTF8.self)
  }

  /// All VMAs of a space, in address order.
  static func all(of space: Ref<AddressSpace>) -> [AreaPicture] {
    var pictures: [AreaPicture] = []
    var area = space.pointee.vmas.first
    while let vma = area {
      pictures.append(AreaPicture(vma, space))
      area = space.pointee.vmas.next(vma)
    }
    return pictures
  }

  /// The line of maps.
  var text: String { line }

  /// The line, and what decides about merging.
  var details: String {
    "\(line)\n  flags 0x\(String(flags.rawValue, radix: 16)) (\(flags.names)), page offset "
      + "0x\(String(pageOffset, radix: 16)), "
      + (family == nil
        ? "no family of anonymous pages yet"
        : "a family of anonymous pages with \(family!.pointee.members) VMAs"
          + (hasInheritedPages ? ", inherited by fork" : ""))
  }

  /// Why this and the area right above do not merge; nil where nothing speaks against it.
  ///
  /// Linux: `is_mergeable_vma()`, `is_mergeable_anon_vma()`, mm/vma.c.
  func obstacle(to above: AreaPicture, _ pageSize: PageSize) -> String? {
    if range.end != above.range.start { return "they do not touch" }
    if special != .none || above.special != .none { return "the kernel's own pages never merge" }
    let difference = flags.symmetricDifference(above.flags).subtracting(.softDirty)
    if !difference.isEmpty { return "their flags differ in \(difference.names)" }
    if !flags.isDisjoint(with: .special) { return "such mappings never merge" }
    if file != above.file { return "they are not of the same file" }
    let pages = pageSize.pages(in: range.count).rawValue
    if pageOffset &+ pages != above.pageOffset {
      return "page offsets 0x\(String(pageOffset &+ pages, radix: 16)) and "
        + "0x\(String(above.pageOffset, radix: 16)) do not go on"
    }
    if let one = family, let other = above.family, one != other {
      return "each has anonymous pages of its own family"
    }
    return nil
  }
}

extension VMAFlags {
  fileprivate var mapPermissions: MapPermissions {
    var letters: MapPermissions = []
    if contains(.read) { letters.insert(.read) }
    if contains(.write) { letters.insert(.write) }
    if contains(.execute) { letters.insert(.execute) }
    if contains(.mayShare) { letters.insert(.shared) }
    return letters
  }

  /// Linux's names of the bits, without `VM_`; a bit that has none here as its number.
  var names: String {
    let known: [(VMAFlags, String)] = [
      (.read, "READ"), (.write, "WRITE"), (.execute, "EXEC"), (.shared, "SHARED"),
      (.mayRead, "MAYREAD"), (.mayWrite, "MAYWRITE"), (.mayExecute, "MAYEXEC"),
      (.mayShare, "MAYSHARE"), (.growsDown, "GROWSDOWN"), (.rawFrames, "PFNMAP"),
      (.locked, "LOCKED"), (.device, "IO"), (.sequentialRead, "SEQ_READ"),
      (.randomRead, "RAND_READ"), (.dontCopy, "DONTCOPY"), (.dontExpand, "DONTEXPAND"),
      (.lockOnFault, "LOCKONFAULT"), (.accounted, "ACCOUNT"), (.noReserve, "NORESERVE"),
      (.hugeTLB, "HUGETLB"), (.synchronous, "SYNC"), (.wipeOnFork, "WIPEONFORK"),
      (.dontDump, "DONTDUMP"), (.softDirty, "SOFTDIRTY"), (.mixedFrames, "MIXEDMAP"),
      (.hugePages, "HUGEPAGE"), (.noHugePages, "NOHUGEPAGE"), (.mergeable, "MERGEABLE"),
    ]
    var rest = self
    var words: [String] = []
    for (flag, name) in known where rest.contains(flag) {
      words.append(name)
      rest.remove(flag)
    }
    if !rest.isEmpty { words.append("0x" + String(rest.rawValue, radix: 16)) }
    return words.joined(separator: " ")
  }
}
