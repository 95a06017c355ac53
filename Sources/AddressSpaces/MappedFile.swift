internal import KernelHeap
internal import Machine
public import MemoryTypes
internal import PageTables
internal import PhysicalMemory

/// A file as the memory manager sees it: a size, and the pages of it that are in memory.
///
/// A slab object, held by every VMA that maps it and by whoever opened it. Shared anonymous memory is a
/// file without a name. Linux: `address_space`, include/linux/fs.h, with what of the inode matters.
public struct MappedFile {
  public let kind: Kind
  /// Bytes; a page wholly beyond it cannot be accessed (`SIGBUS`).
  public var size: UInt64
  /// VMAs that map it, and openers. At 0 the file and its pages go.
  public var references: Int
  /// Page number to `Page`: the page cache of this file.
  public var cache: RadixTree<RadixNodes>
  /// The VMAs that map it, by the pages they show. Linux: `i_mmap`.
  public internal(set) var mappings = IntervalTree<FileMappingLinking>()
  /// What `/proc/PID/maps` shows, in `kmalloc` memory.
  public var name: FileName
  /// The disk and the number on it that `/proc/PID/maps` shows; 0 where nobody told.
  public var identity = FileIdentity()
  /// Its file system asks for large mappings to be aligned to huge pages.
  /// Linux: `f_op->get_unmapped_area` is `thp_get_unmapped_area()`.
  public let alignsToHugePages: Bool
  /// Whether the program may write the file, or owns it: others learn nothing of what is in memory.
  /// Linux: `can_do_mincore()`, mm/mincore.c.
  public var isWritableByCaller = true
  /// Its mappings consist of blocks of this size, which is the page's but for files of huge pages.
  public let blockSize: ByteCount
  /// Pages promised for it. Linux: `shmem_acct_size()`.
  var reserved: PageCount
  /// What may no longer be done with it, for good. Linux: `shmem_inode_info.seals`.
  public internal(set) var seals: FileSeals = []

  public enum Kind: UInt8, Sendable {
    /// A file on a disk.
    case regular
    /// Memory with a file's face: tmpfs, memfd, shared anonymous mappings.
    case sharedMemory
    /// Huge pages reserved beforehand; none are. Linux: hugetlbfs.
    case hugePages
    /// A character device or another object without pages of its own.
    case device
    /// A directory, a pipe, a text of `/proc`: no mapping can be made of it.
    case unmappable
  }

  /// Whether it can be mapped at all. Linux: `can_mmap_file()`.
  public var isMappable: Bool { kind != .unmappable }

  /// The largest size it can have: 2^44 - 4096 bytes on a disk with blocks of 4 KiB, 2^63 - 1 in memory.
  /// Linux: `s_maxbytes`.
  public var maximumSize: UInt64 {
    kind == .regular ? (1 << 44) - 4096 : UInt64(Int64.max)
  }

  /// Whether its seals allow another size. Linux: `shmem_setattr()`.
  public func allowsSize(_ wanted: UInt64) -> Bool {
    !(wanted < size && seals.contains(.shrink)) && !(wanted > size && seals.contains(.grow))
  }

  /// Whether offsets of a mapping can be counted. Linux: `file_mmap_ok()`: `s_maxbytes` is 2^63 - 1.
  func canHold(_ length: ByteCount, at offset: UInt64) -> Bool {
    let limit = UInt64(Int64.max)
    let (end, overflows) = offset.addingReportingOverflow(UInt64(length.rawValue))
    return !overflows && end <= limit
  }
}

/// A path in memory of the kernel heap; empty where a file has none.
@safe
public struct FileName: @unchecked Sendable {
  let bytes: UnsafeMutableRawPointer?
  public let count: Int

  public static var none: FileName { unsafe FileName(bytes: nil, count: 0) }

  /// The bytes one by one; nothing is decoded.
  public func write(to sink: inout some TextSink) {
    guard let bytes = unsafe bytes else { return }
    // SAFETY: `count` bytes were copied there when the file was made and live as long as it.
    for index in 0..<count { sink.write(unsafe bytes.load(fromByteOffset: index, as: UInt8.self)) }
  }
}

extension Ref where Object == MemoryServices {
  /// A file that a program has opened.
  ///
  /// - Parameter name: Its path; copied.
  /// - Returns: The file, with one reference for the caller to `release`.
  /// - Throws: `outOfMemory` when there is no slab object; nothing is kept then.
  public func makeFile(
    _ kind: MappedFile.Kind, size: UInt64, name: borrowing Span<UInt8>, alignsToHugePages: Bool
  ) throws(MapError) -> Ref<MappedFile> {
    let copy = try copyName(name)
    let file = MappedFile(
      kind: kind, size: size, references: 1, cache: RadixTree(nodes: RadixNodes(services: self)),
      name: copy, alignsToHugePages: alignsToHugePages,
      blockSize: pointee.pages.pointee.directMap.pageSize.bytes, reserved: .zero)
    do {
      return try pointee.files.allocate(file)
    } catch {
      freeName(copy)
      throw .outOfMemory
    }
  }

  /// The unnamed file behind a shared anonymous mapping, its pages promised unless not reserved.
  ///
  /// Linux: `shmem_zero_setup()`, mm/shmem.c.
  func makeSharedMemory(
    _ length: ByteCount, isReserved: Bool, _ pageSize: PageSize
  ) throws(MapError) -> Ref<MappedFile> {
    let pages = isReserved ? pageSize.pages(in: length) : .zero
    try pointee.charge(pages)
    let file = MappedFile(
      kind: .sharedMemory, size: UInt64(length.rawValue), references: 1,
      cache: RadixTree(nodes: RadixNodes(services: self)),
      name: .none, alignsToHugePages: false, blockSize: pageSize.bytes, reserved: pages)
    do {
      return try pointee.files.allocate(file)
    } catch {
      pointee.uncharge(pages)
      throw .outOfMemory
    }
  }

  /// The file behind a mapping of huge pages, which promises none of them.
  ///
  /// Linux: `hugetlb_file_setup()`, fs/hugetlbfs/inode.c.
  func makeHugePages(_ length: ByteCount, _ size: ByteCount) throws(MapError) -> Ref<MappedFile> {
    let name: StaticString = "/anon_hugepage (deleted)"
    // SAFETY: a literal's bytes live as long as the program.
    let bytes = unsafe Span<UInt8>(
      _unsafeStart: name.utf8Start, count: name.utf8CodeUnitCount)
    let copy = try copyName(bytes)
    let file = MappedFile(
      kind: .hugePages, size: UInt64(length.rawValue), references: 1,
      cache: RadixTree(nodes: RadixNodes(services: self)), name: copy, alignsToHugePages: false,
      blockSize: size, reserved: .zero)
    do {
      return try pointee.files.allocate(file)
    } catch {
      freeName(copy)
      throw .outOfMemory
    }
  }

  /// Lets go of one reference; the last one frees the cached pages, the name and the file.
  ///
  /// For who has it open: pages that were mapped until now go by way of `release(_:into:)`.
  public func release(_ file: Ref<MappedFile>) {
    release(file) { pointee.pages.pointee.freePage($0) }
  }

  /// The same for a mapping that ends: the pages are free once the batch is flushed.
  func release(_ file: Ref<MappedFile>, into batch: inout TLBBatch) {
    release(file) { batch.add($0) }
  }

  private func release(_ file: Ref<MappedFile>, _ freePage: (Ref<Page>) -> Void) {
    file.pointee.references -= 1
    guard file.pointee.references == 0 else { return }
    dropCache(of: file, freePage)
    pointee.uncharge(file.pointee.reserved)
    freeName(file.pointee.name)
    pointee.files.free(file)
  }

  private func copyName(_ name: borrowing Span<UInt8>) throws(MapError) -> FileName {
    guard name.count > 0 else { return .none }
    do {
      let bytes = try unsafe pointee.names.kmalloc(ByteCount(UInt(name.count)), flags: .kernel)
      for index in 0..<name.count {
        unsafe bytes.storeBytes(of: name[index], toByteOffset: index, as: UInt8.self)
      }
      return unsafe FileName(bytes: bytes, count: name.count)
    } catch {
      throw .outOfMemory
    }
  }

  private func freeName(_ name: FileName) {
    if let bytes = unsafe name.bytes { unsafe pointee.names.kfree(bytes) }
  }
}
