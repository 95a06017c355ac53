public import MemoryTypes

/// A range of one address space that is treated alike: same file, same permissions, same flags.
///
/// A slab object. It stands in its address space's tree, ordered by address, and in the ordered list
/// beside it. Linux: `vm_area_struct`, include/linux/mm_types.h.
public struct VMA {
  /// The addresses covered; page-aligned, never empty.
  public var range: VirtualRange
  public var flags: VMAFlags
  /// The page of the file that `range.start` shows; for private anonymous memory the page number of
  /// the address it was first mapped at. Linux: `vm_pgoff`.
  public var pageOffset: UInt
  /// The file behind it, shared anonymous memory included; nil for private anonymous memory.
  public var file: Ref<MappedFile>?
  /// Which opening of the file it was mapped by: areas of one file that was opened twice do not merge.
  /// Linux: `vm_file`, which is the opening; `file` is its `f_mapping`.
  public var opening: UInt32
  /// The family of VMAs that may share this one's anonymous pages; nil until the first of them.
  public var anonVMA: Ref<AnonVMA>?
  /// Came by fork from a parent whose pages it may still share. Linux: `anon_vma_chain` not singular.
  public var hasInheritedPages: Bool
  /// What the program called it; nil for most. Linux: `anon_vma_name()`.
  public var name: Ref<AreaName>?
  /// The address space it stands in; nil until it does. Linux: `vm_mm`.
  public internal(set) var space: Ref<AddressSpace>?
  /// The page its special content has: vdso, vvar. Linux: `_install_special_mapping()`.
  public var special: SpecialMapping

  var treeLink: TreeLink<VMA>
  var listLink: ListLink<VMA>
  /// In the tree of all mappings of its file. Linux: `shared.rb`.
  var fileLink: IntervalLink<VMA>
  /// The last page of the file that it shows, while it stands in that tree.
  var lastPageOffset: UInt
  /// The largest gap in front of any VMA of the subtree that hangs on this one. Linux: the gaps of the
  /// maple tree; `rb_subtree_gap` before 6.1.
  var largestGap: UInt

  /// An area that is in no tree yet.
  public init(
    range: VirtualRange, flags: VMAFlags, pageOffset: UInt, file: Ref<MappedFile>? = nil,
    opening: UInt32 = 0, special: SpecialMapping = .none
  ) {
    self.range = range
    self.flags = flags
    self.pageOffset = pageOffset
    self.file = file
    self.opening = opening
    self.special = special
    name = nil
    hasInheritedPages = false
    treeLink = TreeLink()
    listLink = ListLink()
    fileLink = IntervalLink()
    lastPageOffset = pageOffset
    largestGap = 0
  }

  public var start: VirtualAddress { range.start }
  public var end: VirtualAddress { range.end }

  /// Private memory with no file behind it. Linux: `vma_is_anonymous()`.
  public var isAnonymous: Bool { file == nil && special == .none }

  /// A write to a clean page of it must fault, so that the file learns what to write back.
  ///
  /// Linux: `vma_wants_writenotify()`, mm/mmap.c.
  var isNotifiedOfWrites: Bool {
    flags.isSuperset(of: [.shared, .write]) && file?.pointee.kind == .regular
  }

  /// Private memory that may become writable: its pages are copied before somebody else's write.
  ///
  /// Linux: `is_cow_mapping()`.
  var isCopiedOnWrite: Bool { flags.intersection([.shared, .mayWrite]) == .mayWrite }

  /// The lowest address that must stay free below a stack. Linux: `vm_start_gap()`.
  public func startWithGuard(_ gap: ByteCount) -> VirtualAddress {
    guard flags.contains(.growsDown) else { return start }
    return start.rawValue < gap.rawValue ? VirtualAddress(0) : start - gap
  }

  /// The file page, or the anonymous page number, that `address` shows. Linux: `linear_page_index()`.
  public func pageOffset(of address: VirtualAddress, _ pageSize: PageSize) -> UInt {
    pageOffset &+ pageSize.pageNumber(of: address) &- pageSize.pageNumber(of: start)
  }

  /// What the kernel itself installs in a new address space.
  public enum SpecialMapping: UInt8, Sendable {
    case none, vdso, vvar, vvarClock
  }
}
