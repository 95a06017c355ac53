internal import KernelHeap
internal import Machine
public import MemoryTypes
internal import PhysicalMemory

/// Where the nodes of page-cache trees come from: one slab cache of the kernel.
public struct RadixNodes: RadixNodeSource {
  let services: Ref<MemoryServices>

  public init(services: Ref<MemoryServices>) { self.services = services }

  public func allocateNode() throws(AllocationError) -> Ref<RadixNode> {
    try services.pointee.nodes.allocate(RadixNode())
  }

  public func freeNode(_ node: Ref<RadixNode>) { services.pointee.nodes.free(node) }
}

/// The page cache: pages of files by file and page number.
extension Ref where Object == MemoryServices {
  /// The page of a file, made and filled with zeros when it is not in memory yet: nothing takes pages
  /// with contents out of memory, so that what is not there was never written.
  ///
  /// The cache holds one reference; the caller takes its own. Linux: `filemap_fault()`,
  /// `shmem_fault()`.
  func cachedPage(
    _ file: Ref<MappedFile>, _ index: UInt
  ) throws(FaultError) -> Ref<Page> {
    if let page = page(atAddress: file.pointee.cache.value(at: index)) { return page }
    let page = try newPage()
    page.pointee.mapping = file.address
    page.pointee.index = index
    do { _ = try file.pointee.cache.insert(page.address, at: index) } catch {
      pointee.pages.pointee.freePage(page)
      throw .outOfMemory
    }
    return page
  }

  /// Hands every cached page from `first` on, which nobody maps, to `freePage`: its last reference.
  ///
  /// Linux: `truncate_inode_pages()`, mm/truncate.c.
  func dropCache(
    of file: Ref<MappedFile>, from first: UInt = 0, _ freePage: (Ref<Page>) -> Void
  ) {
    while let entry = file.pointee.cache.first(atOrAfter: first) {
      _ = file.pointee.cache.remove(at: entry.index)
      guard let page = page(atAddress: entry.value) else { continue }
      precondition(page.pointee.references == 1, "a file's pages outlive its last mapping")
      freePage(page)
    }
  }

  /// A frame of zeros for a program. Linux: `vma_alloc_zeroed_movable_folio()`.
  func newPage() throws(FaultError) -> Ref<Page> {
    let page = try newFrame(.zeroed)
    if !pointee.hasContents { page.pointee.flags.insert(.zeroFilled) }
    return page
  }

  /// A frame with the bytes of another. Linux: `copy_user_highpage()`.
  func newCopy(of source: Ref<Page>) throws(FaultError) -> Ref<Page> {
    guard source != pointee.zeroPage, !source.pointee.flags.contains(.zeroFilled) else {
      return try newPage()
    }
    let allocator = pointee.pages
    let copy = try newFrame([])
    // SAFETY: both frames are allocated and a page long.
    unsafe allocator.pointee.pointer(to: copy).copyMemory(
      from: allocator.pointee.pointer(to: source),
      byteCount: Int(allocator.pointee.directMap.pageSize.bytes.rawValue))
    return copy
  }

  private func newFrame(_ extra: AllocationFlags) throws(FaultError) -> Ref<Page> {
    do {
      return try pointee.pages.pointee.allocatePage(flags: [.user, .movable, extra])
    } catch { throw .outOfMemory }
  }

  /// The page of a file that is in memory. Linux: `filemap_get_folio()`.
  func pageInMemory(_ file: Ref<MappedFile>, _ index: UInt) -> Ref<Page>? {
    page(atAddress: file.pointee.cache.value(at: index))
  }

  func page(atAddress address: UInt) -> Ref<Page>? {
    // SAFETY: the tree holds addresses of live page descriptors only.
    guard let pointer = unsafe UnsafeMutablePointer<Page>(bitPattern: address) else { return nil }
    return unsafe Ref<Page>(pointer)
  }
}
