internal import Machine
public import MemoryTypes

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
}
