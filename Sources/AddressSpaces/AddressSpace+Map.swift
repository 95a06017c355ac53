internal import KernelHeap
internal import Machine
public import MemoryTypes

/// The arguments of `mmap`, decoded.
public struct MapRequest: Sendable {
  public var address: VirtualAddress
  public var length: ByteCount
  public var protection: Protection
  public var flags: MapFlags
  public var file: Ref<MappedFile>?
  /// What the descriptor was opened for.
  public var access: FileAccess
  /// Which opening of the file the descriptor stands for; any numbers that differ will do.
  public var opening: UInt32
  /// The byte of the file to begin with; a multiple of the page size.
  public var offset: UInt64

  public init(
    address: VirtualAddress, length: ByteCount, protection: Protection, flags: MapFlags,
    file: Ref<MappedFile>? = nil, access: FileAccess = [.read, .write], opening: UInt32 = 0,
    offset: UInt64 = 0
  ) {
    self.address = address
    self.length = length
    self.protection = protection
    self.flags = flags
    self.file = file
    self.access = access
    self.opening = opening
    self.offset = offset
  }

  /// The access mode of an open file.
  public struct FileAccess: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    public static var read: FileAccess { FileAccess(rawValue: 1) }
    public static var write: FileAccess { FileAccess(rawValue: 2) }
  }
}

extension AddressSpace {
  /// Creates a mapping.
  ///
  /// - Returns: Its address. A fixed address in the last 4095 bytes comes back as it is, and nothing
  ///   is mapped: the caller of the system call reads an error number.
  /// - Throws: What the system call refuses, in its order of checks. `outOfMemory` by a limit can leave
  ///   the VMAs at the borders of a fixed range split.
  ///
  /// Pages of a populated or locked mapping are not touched here: call `populate` once `batch` is
  /// flushed. Linux: `do_mmap()`, mm/mmap.c.
  public mutating func mmap(_ request: MapRequest) throws(MapError) -> VirtualAddress {
    guard request.length > .zero else { throw .invalidArgument }
    if request.flags.contains(.hugeTLB) { return try mapHugePages(request) }
    return try mapPages(request)
  }

  /// Linux: `do_mmap()`, mm/mmap.c.
  mutating func mapPages(_ request: MapRequest) throws(MapError) -> VirtualAddress {
    guard request.length > .zero else { throw .invalidArgument }
    let hint = request.isFixed ? request.address : roundedHint(request.address)
    let length = pageSize.roundUp(request.length)
    guard length > .zero else { throw .outOfMemory }
    let pageOffset = UInt(truncatingIfNeeded: request.offset >> UInt64(pageSize.shift))
    guard canCount(pageSize.pages(in: length), from: pageOffset) else { throw .offsetOverflow }
    guard vmas.count <= limits.maximumVMAs else { throw .outOfMemory }

    var placing = request.flags
    if request.isFixed { placing.insert(.fixed) }
    let address = try place(
      length, at: hint, placing, file: request.file,
      fileOffset: ByteCount(request.file == nil ? 0 : UInt(truncatingIfNeeded: request.offset)))
    if Self.isErrorNumber(address) { return address }
    let range = VirtualRange(address, count: length)
    if request.flags.contains(.fixedNoReplace), vmas.vma(in: range) != nil { throw .rangeInUse }
    let flags = try areaFlags(request, length)
    return try mapArea(
      range, flags, file: request.file, opening: request.opening,
      pageOffset: request.file == nil ? nil : pageOffset)
  }

  /// Whether the pages of a file that a mapping shows have numbers: words of the machine.
  func canCount(_ pages: PageCount, from first: UInt) -> Bool {
    let limit = layout.architecture == .i386 ? UInt(UInt32.max) : .max
    let (end, overflows) = first.addingReportingOverflow(pages.rawValue)
    return !overflows && end <= limit
  }

  /// The VMA flags of a request, or why it is refused.
  ///
  /// Linux: the switch over `MAP_TYPE` in `do_mmap()`; `calc_vm_flag_bits()`.
  private func areaFlags(_ request: MapRequest, _ length: ByteCount) throws(MapError) -> VMAFlags {
    var flags = VMAFlags(protection: request.protection).union(defaultFlags)
    flags.formUnion([.mayRead, .mayWrite, .mayExecute])
    if request.flags.contains(.growsDown) { flags.insert(.growsDown) }
    if request.flags.contains(.locked) { flags.insert(.locked) }
    // Anonymous memory with `MAP_SYNC` gains nothing, but stands apart from what is without it.
    if request.flags.contains(.synchronous) { flags.insert(.synchronous) }
    if request.flags.contains(.stack), services.pointee.rules.contains(.stackFlagRefusesHugePages),
      layout.hugePageSize > .zero || layout.architecture == .i386
    {
      flags.insert(.noHugePages)
    }
    if request.flags.contains(.locked), !mayLockAtAll { throw .notPermitted }
    guard mayLock(flags, length) else { throw .lockedLimit }
    if let file = request.file {
      flags = try fileFlags(flags, request, file, length)
    } else {
      flags = try anonymousFlags(flags, request)
    }
    if request.flags.contains(.noReserve), services.pointee.commit.policy != .never {
      flags.insert(.noReserve)
    }
    return flags
  }

  private func anonymousFlags(
    _ flags: VMAFlags, _ request: MapRequest
  ) throws(MapError) -> VMAFlags {
    switch request.flags.type {
    case .shared:
      guard !flags.contains(.growsDown) else { throw .invalidArgument }
      return flags.union([.shared, .mayShare])
    case .private: return flags
    case .droppable where services.pointee.rules.contains(.knowsDroppableMemory):
      guard !request.flags.contains(.locked), !flags.contains(.growsDown) else {
        throw .invalidArgument
      }
      // What may be dropped is not locked, whatever future mappings are to be.
      return flags.subtracting(.lockedMask).union([.droppable, .noReserve, .wipeOnFork, .dontDump])
    default: throw .invalidArgument
    }
  }

  private func fileFlags(
    _ given: VMAFlags, _ request: MapRequest, _ file: Ref<MappedFile>, _ length: ByteCount
  ) throws(MapError) -> VMAFlags {
    var flags = given
    guard file.pointee.canHold(length, at: request.offset) else { throw .offsetOverflow }
    switch request.flags.type {
    case .shared, .sharedValidate:
      if request.flags.type == .sharedValidate, !request.flags.isSubset(of: .validated) {
        throw .unsupportedFlag
      }
      if request.protection.contains(.write), !request.access.contains(.write) {
        throw .accessDenied
      }
      flags.formUnion([.shared, .mayShare])
      if !request.access.contains(.write) { flags.subtract([.mayWrite, .shared]) }
      // A sealed file may be mapped for reading, and stays so.
      let isSealed = !file.pointee.seals.isDisjoint(with: .againstMappings)
      if isSealed, !request.protection.contains(.write) { flags.remove(.mayWrite) }
    case .private: break
    default: throw .invalidArgument
    }
    guard request.access.contains(.read) else { throw .accessDenied }
    guard file.pointee.isMappable else { throw .notMappable }
    guard !flags.contains(.growsDown) else { throw .invalidArgument }
    if file.pointee.kind == .hugePages { flags.formUnion([.hugeTLB, .dontExpand]) }
    return flags
  }

  /// Lets the file agree to a mapping whose place is free already. No file here is memory that stays
  /// when power goes, which `MAP_SYNC` asks for, and no huge pages are reserved.
  ///
  /// Linux: `call_mmap()`: `ext4_file_mmap()`, `hugetlbfs_file_mmap()`, `shmem_mmap()`.
  private func askFile(_ area: VMA) throws(MapError) {
    guard let file = area.file else { return }
    switch file.pointee.kind {
    case .regular: if area.flags.contains(.synchronous) { throw .unsupportedFlag }
    case .hugePages: try askForHugePages(area, file)
    case .sharedMemory:
      let writes = area.flags.isSuperset(of: [.shared, .write])
      if writes, !file.pointee.seals.isDisjoint(with: .againstMappings) { throw .notPermitted }
    case .device, .unmappable: break
    }
  }

  /// Clears the range, checks the accounts, and joins the new area to its neighbours or adds it.
  ///
  /// - Parameter pageOffset: For a file; nil for anonymous memory, which counts by address (private) or
  ///   from 0 (shared).
  ///
  /// Linux: `__mmap_region()`, mm/vma.c.
  mutating func mapArea(
    _ range: VirtualRange, _ given: VMAFlags, file givenFile: Ref<MappedFile>?,
    opening: UInt32 = 0, pageOffset: UInt?
  ) throws(MapError) -> VirtualAddress {
    guard services.pointee.rules.contains(.checksBeforeReplacing) else {
      return try replaceArea(
        range, given, file: givenFile, opening: opening, pageOffset: pageOffset)
    }
    var flags = given
    let pages = pageCount(range)
    let removal = try gatherAreas(in: range)
    guard mayExpand(flags, by: pages - removal.pages) else { throw .outOfMemory }
    let charged = flags.isAccountable ? pages - removal.accountedPages : .zero
    try charge(charged)
    if flags.isAccountable { flags.insert(.accounted) }
    do throws(MapError) {
      let file =
        if let givenFile { givenFile } else { try sharedMemoryFile(flags, range.count, removal) }
      // The area holds the file by itself from here on.
      defer { if givenFile == nil, let file { services.release(file) } }
      let offset = pageOffset ?? (file == nil ? pageSize.pageNumber(of: range.start) : 0)
      let area = VMA(
        range: range, flags: flags, pageOffset: offset, file: file, opening: opening)
      try install(area, removal)
    } catch {
      services.pointee.uncharge(charged)
      throw error
    }
    account(flags, added: pages)
    if flags.contains(.locked) { accounts.locked += pages }
    return range.start
  }

  /// The same as kernels before 6.12 did it: what stands there is gone before the promise is asked for.
  ///
  /// Linux: `mmap_region()`, mm/mmap.c.
  private mutating func replaceArea(
    _ range: VirtualRange, _ given: VMAFlags, file givenFile: Ref<MappedFile>?, opening: UInt32,
    pageOffset: UInt?
  ) throws(MapError) -> VirtualAddress {
    var flags = given
    let pages = pageCount(range)
    guard mayExpand(flags, by: pages - mappedPages(in: range)) else { throw .outOfMemory }
    do { try removeAreas(gatherAreas(in: range)) } catch { throw .outOfMemory }
    let charged = flags.isAccountable ? pages : .zero
    try charge(charged)
    if flags.isAccountable { flags.insert(.accounted) }
    do throws(MapError) {
      let file =
        if let givenFile { givenFile } else {
          try sharedMemoryFile(flags, range.count, Removal(range: range))
        }
      defer { if givenFile == nil, let file { services.release(file) } }
      let offset = pageOffset ?? (file == nil ? pageSize.pageNumber(of: range.start) : 0)
      try install(
        VMA(range: range, flags: flags, pageOffset: offset, file: file, opening: opening),
        Removal(range: range))
    } catch {
      services.pointee.uncharge(charged)
      throw error
    }
    account(flags, added: pages)
    if flags.contains(.locked) { accounts.locked += pages }
    return range.start
  }

  /// Linux: `count_vma_pages_range()`, mm/mmap.c.
  private func mappedPages(in range: VirtualRange) -> PageCount {
    var pages = PageCount.zero
    var area = vmas.vma(in: range)
    while let vma = area, vma.pointee.start < range.end {
      let part = VirtualRange(
        max(range.start, vma.pointee.start), min(range.end, vma.pointee.end))
      pages += pageCount(part)
      area = vmas.next(vma)
    }
    return pages
  }

  /// The unnamed file that shared anonymous memory is a mapping of.
  ///
  /// It is made when the range is clear already: where it is refused, a gap stays.
  /// Linux: `shmem_zero_setup()`, `vms_abort_munmap_vmas()`, mm/vma.h.
  private mutating func sharedMemoryFile(
    _ flags: VMAFlags, _ length: ByteCount, _ removal: Removal
  ) throws(MapError) -> Ref<MappedFile>? {
    guard flags.contains(.shared) else { return nil }
    let pages = flags.contains(.noReserve) ? .zero : pageSize.pages(in: length)
    do throws(MapError) { try services.pointee.charge(pages) } catch {
      removeAreas(removal)
      throw error
    }
    services.pointee.uncharge(pages)
    return try services.makeSharedMemory(length, isReserved: pages > .zero, pageSize)
  }

  /// Puts the new area in the place of those to be removed; merged with a neighbour if it can be.
  ///
  /// - Throws: `outOfMemory`; nothing has been removed then. Or what the file says to the mapping: what
  ///   stood in the range is gone then.
  private mutating func install(_ area: VMA, _ removal: Removal) throws(MapError) {
    // Where something is to be removed the object is made first: afterwards there is no way back.
    let spare = removal.first == nil ? nil : try makeArea(area)
    removeAreas(removal)
    do throws(MapError) { try askFile(area) } catch {
      if let spare { services.pointee.vmas.free(spare) }
      throw error
    }
    // What the removed areas had promised goes over to the new one without being asked for again.
    if area.flags.contains(.accounted) { services.pointee.recharge(removal.accountedPages) }
    let candidate = MergeCandidate(
      range: area.range, flags: area.flags, pageOffset: area.pageOffset, file: area.file,
      opening: area.opening,
      previous: vmas.vma(before: area.start), next: vmas.vma(atOrAfter: area.start),
      prefersNext: !services.pointee.rules.contains(.previousMergesFirst))
    if mergeNew(candidate) != nil {
      if let spare { services.pointee.vmas.free(spare) }
    } else if let spare {
      insertArea(spare)
    } else {
      _ = try addArea(area)
    }
  }
}

extension MapRequest {
  /// `MAP_FIXED_NOREPLACE` implies `MAP_FIXED`.
  var isFixed: Bool { !flags.isDisjoint(with: [.fixed, .fixedNoReplace]) }
}

extension MapFlags {
  /// What `MAP_SHARED_VALIDATE` accepts. Linux: `LEGACY_MAP_MASK`.
  static var validated: MapFlags {
    [
      .sharedValidate, .fixed, .anonymous, .low2GB, .above4GB, .growsDown, .locked, .noReserve,
      .populate, .nonblock, .stack, .hugeTLB, MapFlags(rawValue: 0x0800),
      MapFlags(rawValue: 0x1000),
    ]
  }
}
