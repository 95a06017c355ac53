internal import KernelHeap
internal import Machine
public import MemoryTypes
internal import PhysicalMemory

/// Where the nodes of page-cache trees come from: one slab cache of the kernel.
public struct RadixNodes: RadixNodeSource {
  let services: Ref<MemoryServices>

  public func allocateNode() throws(AllocationError) -> Ref<RadixNode> {
    try services.pointee.nodes.allocate(RadixNode())
  }

  public func freeNode(_ node: Ref<RadixNode>) { services.pointee.nodes.free(node) }
}

/// The page cache: pages of files by file and page number.
extension Ref where Object == MemoryServices {
  /// The page of a file, made and filled with zeros when it is not in memory yet.
  ///
  /// The cache holds one reference; the caller takes its own. Contents of real files are not known to
  /// a replay, and zeros take the same room. Linux: `filemap_fault()`, `shmem_fault()`.
  func cachedPage(
    _ file: Ref<MappedFile>, _ index: UInt
  ) throws(FaultError) -> Ref<Page> {
    if let page = page(atAddress: file.pointee.cache.value(at: index)) { return page }
    let page: Ref<Page>
    do { page = try pointee.pages.pointee.allocatePage(flags: [.user, .movable, .zeroed]) } catch {
      throw .outOfMemory
    }
    page.pointee.mapping = file.address
    page.pointee.index = index
    do { _ = try file.pointee.cache.insert(page.address, at: index) } catch {
      pointee.pages.pointee.freePage(page)
      throw .outOfMemory
    }
    return page
  }

  /// Hands every cached page of a file that nobody maps to `freePage`, its last reference.
  ///
  /// Linux: `truncate_inode_pages()`, mm/truncate.c.
  func dropCache(of file: Ref<MappedFile>, _ freePage: (Ref<Page>) -> Void) {
    while let entry = file.pointee.cache.first(atOrAfter: 0) {
      _ = file.pointee.cache.remove(at: entry.index)
      guard let page = page(atAddress: entry.value) else { continue }
      precondition(page.pointee.references == 1, "a file's pages outlive its last mapping")
      freePage(page)
    }
  }

  /// Copies the bytes of one frame to another. Linux: `copy_user_highpage()`.
  func copyPage(from source: Ref<Page>, to copy: Ref<Page>) {
    let allocator = pointee.pages
    // SAFETY: both frames are allocated and a page long.
    unsafe allocator.pointee.pointer(to: copy).copyMemory(
      from: allocator.pointee.pointer(to: source),
      byteCount: Int(allocator.pointee.directMap.pageSize.bytes.rawValue))
  }

  private func page(atAddress address: UInt) -> Ref<Page>? {
    // SAFETY: the tree holds addresses of live page descriptors only.
    guard let pointer = unsafe UnsafeMutablePointer<Page>(bitPattern: address) else { return nil }
    return unsafe Ref<Page>(pointer)
  }
}
