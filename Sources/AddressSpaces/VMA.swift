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
  /// The family of VMAs that may share this one's anonymous pages; nil until the first of them.
  public var anonVMA: Ref<AnonVMA>?
  /// Came by fork from a parent whose pages it may still share. Linux: `anon_vma_chain` not singular.
  public var hasInheritedPages: Bool
  /// What the program called it; nil for most. Linux: `anon_vma_name()`.
  public var name: Ref<AreaName>?
  /// The page its special content has: vdso, vvar. Linux: `_install_special_mapping()`.
  public var special: SpecialMapping

  var treeLink: TreeLink<VMA>
  var listLink: ListLink<VMA>
  /// The largest gap in front of any VMA of the subtree that hangs on this one. Linux: the gaps of the
  /// maple tree; `rb_subtree_gap` before 6.1.
  var largestGap: UInt

  /// An area that is in no tree yet.
  public init(
    range: VirtualRange, flags: VMAFlags, pageOffset: UInt, file: Ref<MappedFile>? = nil,
    special: SpecialMapping = .none
  ) {
    self.range = range
    self.flags = flags
    self.pageOffset = pageOffset
    self.file = file
    self.special = special
    name = nil
    hasInheritedPages = false
    treeLink = TreeLink()
    listLink = ListLink()
    largestGap = 0
  }

  public var start: VirtualAddress { range.start }
  public var end: VirtualAddress { range.end }

  /// Private memory with no file behind it. Linux: `vma_is_anonymous()`.
  public var isAnonymous: Bool { file == nil && special == .none }

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

/// The identity of a family of VMAs that may hold each other's anonymous pages.
///
/// Two VMAs merge only if they are of one family, or one has none yet. Counts the VMAs in it.
/// Linux: `anon_vma`, include/linux/rmap.h.
public struct AnonVMA {
  public var members: Int

  public init() { members = 0 }
}
