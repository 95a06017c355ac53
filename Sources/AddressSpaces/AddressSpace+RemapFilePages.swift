public import MemoryTypes

extension AddressSpace {
  /// Lets a range of a shared mapping show other pages of its file, by mapping them there anew.
  ///
  /// - Parameters:
  ///   - start: Rounded down to a page.
  ///   - length: In bytes, rounded down to whole pages; not less than one.
  ///   - protection: Must be none; the mapping's own stays.
  ///   - page: The page of the file to begin with.
  ///   - flags: Only `.nonblock` means anything: the pages are not brought in then.
  /// - Returns: The range mapped, and whether its pages are to be populated.
  /// - Throws: `invalidArgument` for a bad range or protection, a wrapping page number, a mapping that is
  ///   not shared and writable by its descriptor, a hole, or areas of another file or with other flags;
  ///   else what `mmap` throws, with the state it leaves.
  ///
  /// O(log n + VMAs and leaves of the range). Linux: `remap_file_pages`, mm/mmap.c.
  public mutating func remapFilePages(
    _ start: VirtualAddress, _ length: ByteCount, _ protection: Protection, page: UInt,
    _ flags: MapFlags
  ) throws(MapError) -> (range: VirtualRange, populates: Bool) {
    let length = ByteCount(length.rawValue & ~pageSize.offsetMask)
    let range = VirtualRange(pageSize.roundDown(start), count: length)
    guard protection.isEmpty, range.end > range.start,
      canCount(pageCount(range), from: page),
      let vma = vmas.vma(at: range.start), vma.pointee.flags.contains(.shared),
      isAlike(vma, through: range.end)
    else { throw .invalidArgument }

    let area = vma.pointee
    var mapping: MapFlags = [.shared, .fixed, .populate]
    mapping.formUnion(flags.intersection(.nonblock))
    if area.flags.contains(.locked) { mapping.insert(.locked) }
    let shift = UInt64(pageSize.shift)
    // No file is so large that the byte could not be counted.
    guard UInt64(page) <= UInt64.max >> shift else { throw .offsetOverflow }
    // The areas that hold the file are about to go.
    area.file?.pointee.references += 1
    defer { if let file = area.file { services.release(file, into: &batch) } }
    _ = try mmap(
      MapRequest(
        address: range.start, length: length,
        protection: Protection(rawValue: UInt32(area.flags.intersection(.access).rawValue)),
        flags: mapping, file: area.file, opening: area.opening, offset: UInt64(page) << shift))
    return (range, area.flags.contains(.locked) || !flags.contains(.nonblock))
  }

  /// Whether areas without a hole, of one file and with the same flags, reach up to `end`.
  private func isAlike(_ first: Ref<VMA>, through end: VirtualAddress) -> Bool {
    var last = first
    while last.pointee.end < end {
      guard let next = vmas.next(last), next.pointee.start == last.pointee.end,
        next.pointee.file == first.pointee.file,
        next.pointee.opening == first.pointee.opening, next.pointee.flags == first.pointee.flags
      else { return false }
      last = next
    }
    return true
  }
}
