internal import Machine
public import MemoryTypes
internal import PhysicalMemory

/// What programs write to files and read from them without a mapping.
extension Ref where Object == MemoryServices {
  /// Puts bytes into a file's pages, and makes the file longer when they reach beyond its end.
  ///
  /// - Throws: `outOfMemory`; the bytes before the page that could not be had are written.
  ///
  /// O(bytes). Linux: `generic_perform_write()`, mm/filemap.c.
  public func write(
    _ bytes: borrowing Span<UInt8>, to file: Ref<MappedFile>, at offset: UInt64
  ) throws(MapError) {
    let pageSize = pointee.pages.pointee.directMap.pageSize
    var done = 0
    while done < bytes.count {
      let place = offset &+ UInt64(done)
      let index = UInt(truncatingIfNeeded: place >> UInt64(pageSize.shift))
      let inside = Int(place & UInt64(pageSize.offsetMask))
      let count = min(bytes.count - done, Int(pageSize.bytes.rawValue) - inside)
      let page: Ref<Page>
      do { page = try cachedPage(file, index) } catch { throw .outOfMemory }
      let memory = unsafe pointee.pages.pointee.pointer(to: page)
      for byte in 0..<count {
        // SAFETY: `inside + count` is at most a page.
        unsafe memory.storeBytes(
          of: bytes[done + byte], toByteOffset: inside + byte, as: UInt8.self)
      }
      page.pointee.flags.remove(.zeroFilled)
      page.pointee.flags.insert(.dirty)
      done += count
      file.pointee.size = max(file.pointee.size, offset &+ UInt64(done))
    }
  }

  /// The byte of a file at `offset`; nil at and beyond its end.
  ///
  /// Linux: `filemap_read()`.
  public func byte(of file: Ref<MappedFile>, at offset: UInt64) -> UInt8? {
    guard offset < file.pointee.size else { return nil }
    let pageSize = pointee.pages.pointee.directMap.pageSize
    let index = UInt(truncatingIfNeeded: offset >> UInt64(pageSize.shift))
    guard let page = pageInMemory(file, index) else { return 0 }
    // SAFETY: the offset within a page stays inside it.
    return unsafe pointee.pages.pointee.pointer(to: page).load(
      fromByteOffset: Int(offset & UInt64(pageSize.offsetMask)), as: UInt8.self)
  }

  /// Fills what lies between `offset` and the end of its page with zeros.
  ///
  /// Linux: `folio_zero_range()` in `truncate_inode_partial_folio()`, mm/truncate.c.
  func clearTail(of file: Ref<MappedFile>, from offset: UInt64) {
    let pageSize = pointee.pages.pointee.directMap.pageSize
    let inside = Int(offset & UInt64(pageSize.offsetMask))
    let index = UInt(truncatingIfNeeded: offset >> UInt64(pageSize.shift))
    guard inside > 0, pointee.hasContents, let page = pageInMemory(file, index) else { return }
    // SAFETY: from the offset to the end of the page.
    unsafe (pointee.pages.pointee.pointer(to: page) + inside).initializeMemory(
      as: UInt8.self, repeating: 0, count: Int(pageSize.bytes.rawValue) - inside)
  }
}
