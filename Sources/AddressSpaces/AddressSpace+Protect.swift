internal import Machine
public import MemoryTypes
internal import PageTables
internal import PhysicalMemory

extension AddressSpace {
  /// Changes what may be done with the pages of a range.
  ///
  /// - Parameters:
  ///   - start: Page-aligned.
  ///   - length: In bytes, rounded up; 0 succeeds and does nothing.
  ///   - protection: With `.growsDown` the range begins where the stack area begins that holds `start`.
  /// - Throws: `invalidArgument`, `accessDenied` where a file forbids it, `outOfMemory` for a hole or a
  ///   limit. Everything in front of the point of failure has changed then.
  ///
  /// O(log n + VMAs and leaves touched). Linux: `do_mprotect_pkey()`, mm/mprotect.c.
  public mutating func mprotect(
    _ start: VirtualAddress, _ length: ByteCount, _ protection: Protection
  ) throws(MapError) {
    try mprotect(start, length, protection, key: -1)
  }

  /// The same with a protection key, -1 for none.
  mutating func mprotect(
    _ start: VirtualAddress, _ length: ByteCount, _ protection: Protection, key: Int32
  ) throws(MapError) {
    let start = layout.untagged(start)
    let growth = protection.intersection([.growsDown, .growsUp])
    guard growth != [.growsDown, .growsUp] else { throw .invalidArgument }
    guard pageSize.isAligned(start) else { throw .invalidArgument }
    guard length > .zero else { return }
    let end = VirtualAddress(start.rawValue &+ pageSize.roundUp(length).rawValue)
    guard end > start else { throw .outOfMemory }
    let known: Protection = [.read, .write, .execute, .atomicOperations]
    guard protection.subtracting(growth).isSubset(of: known) else { throw .invalidArgument }

    guard mayUse(key: key) else { throw .invalidArgument }
    let range = try protectedRange(VirtualRange(start, end), growth)
    try protectAreas(in: range, VMAFlags(protection: protection), key)
  }

  /// The range that is meant, which a growth flag extends to the stack's start.
  private func protectedRange(
    _ range: VirtualRange, _ growth: Protection
  ) throws(MapError) -> VirtualRange {
    guard let first = vmas.vma(in: range) else { throw .outOfMemory }
    if growth == .growsDown {
      guard first.pointee.flags.contains(.growsDown) else { throw .invalidArgument }
      return VirtualRange(first.pointee.start, range.end)
    }
    guard first.pointee.start <= range.start else { throw .outOfMemory }
    // No architecture here has stacks that grow up.
    guard growth.isEmpty else { throw .invalidArgument }
    return range
  }

  private mutating func protectAreas(
    in range: VirtualRange, _ access: VMAFlags, _ key: Int32
  ) throws(MapError) {
    var position = range.start
    while position < range.end {
      guard let vma = vmas.vma(at: position) else { throw .outOfMemory }
      let flags = vma.pointee.flags.subtracting(.access).union(access).withKey(key)
      guard flags.forbiddenAccess.isEmpty else { throw .accessDenied }
      let part = VirtualRange(position, min(vma.pointee.end, range.end))
      let changed = try protect(part, of: vma, flags)
      position = min(changed.pointee.end, range.end)
    }
  }

  /// Gives one part of one VMA new flags.
  ///
  /// - Returns: The VMA that covers the part afterwards; it may reach further when it merged.
  ///
  /// Linux: `mprotect_fixup()`, mm/mprotect.c.
  private mutating func protect(
    _ part: VirtualRange, of vma: Ref<VMA>, _ wanted: VMAFlags
  ) throws(MapError) -> Ref<VMA> {
    let old = vma.pointee.flags
    guard !old.contains(.sealed) else { throw .notPermitted }
    guard wanted != old else { return vma }
    let pages = pageCount(part)
    var flags = wanted
    let charged = try chargeForWriting(vma, &flags, pages)
    let changed: Ref<VMA>
    do {
      changed = try changeFlags(of: part, in: vma, flags)
    } catch {
      if charged { services.pointee.uncharge(pages) }
      throw error
    }
    if old.contains(.accounted), !flags.contains(.accounted) { services.pointee.uncharge(pages) }
    account(old, removed: pages)
    account(flags, added: pages)
    protectPages(part, changed)
    if old.intersection([.write, .shared, .locked]) == .locked, flags.contains(.write) {
      // A locked page that becomes writable is copied now, to spare the program a fault later.
      populateArea(changed, part)
    }
    return changed
  }

  /// A private area that becomes writable promises its pages; one that was never touched takes the
  /// promise back when it becomes read-only.
  private mutating func chargeForWriting(
    _ vma: Ref<VMA>, _ flags: inout VMAFlags, _ pages: PageCount
  ) throws(MapError) -> Bool {
    let old = vma.pointee.flags
    guard flags.contains(.write) else {
      if old.contains(.accounted), vma.pointee.isAnonymous, vma.pointee.anonVMA == nil,
        services.pointee.rules.contains(.readOnlyReturnsPromise)
      {
        flags.remove(.accounted)
      }
      return false
    }
    if !mayExpand(flags, by: pages), mayExpand(old, by: pages) { throw .outOfMemory }
    let settled: VMAFlags = [.accounted, .write, .hugeTLB, .shared, .noReserve]
    guard old.isDisjoint(with: settled) else { return false }
    try charge(pages)
    flags.insert(.accounted)
    return true
  }

  /// Merges the changed part with a neighbour, else splits what is needed and sets the flags.
  ///
  /// Linux: `vma_modify()`, mm/vma.c.
  mutating func changeFlags(
    of part: VirtualRange, in vma: Ref<VMA>, _ flags: VMAFlags
  ) throws(MapError) -> Ref<VMA> {
    try changeFlags(of: part, in: vma, flags, name: vma.pointee.name)
  }

  /// The same, looking for neighbours of the name that the part is about to get.
  mutating func changeFlags(
    of part: VirtualRange, in vma: Ref<VMA>, _ flags: VMAFlags, name: Ref<AreaName>?
  ) throws(MapError) -> Ref<VMA> {
    let candidate = MergeCandidate(
      range: part, flags: flags, pageOffset: vma.pointee.pageOffset(of: part.start, pageSize),
      file: vma.pointee.file, opening: vma.pointee.opening, anonVMA: vma.pointee.anonVMA,
      name: name, middle: vma,
      previous: vmas.previous(vma), next: vmas.next(vma))
    if let merged = mergeExisting(candidate) { return merged }
    var changed = vma
    if part.start > vma.pointee.start { changed = try split(vma, at: part.start) }
    if part.end < changed.pointee.end { try split(changed, at: part.end) }
    changed.pointee.flags = flags
    return changed
  }

  /// Lets the present leaves of a range say what the VMA's flags say.
  private mutating func protectPages(_ range: VirtualRange, _ vma: Ref<VMA>) {
    let allowed = leafAttributes(for: vma.pointee)
    let area = vma.pointee
    let services = services
    batch.add(range)
    tables.protectLeaves(range) { leaf in
      var changed = allowed.union(leaf.attributes.intersection([.accessed, .dirty]))
      if !Self.mayStayWritable(leaf, in: area, services) { changed.remove(.write) }
      return changed
    }
  }

  /// Whether a page may become writable without a fault: of private memory one that is nobody else's,
  /// of a file that wants to know of writes one that is dirty already.
  ///
  /// Linux: `can_change_pte_writable()`, mm/mprotect.c.
  private static func mayStayWritable(
    _ leaf: Leaf, in area: VMA, _ services: Ref<MemoryServices>
  ) -> Bool {
    if area.flags.contains(.shared) {
      return !area.isNotifiedOfWrites || leaf.attributes.contains(.dirty)
    }
    let page = services.pointee.pages.pointee.page(of: leaf.frame)
    return page.pointee.isAnonymous && page.pointee.flags.contains(.anonymousExclusive)
  }
}
