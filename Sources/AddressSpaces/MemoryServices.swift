public import KernelHeap
public import Machine
public import MemoryTypes
public import PhysicalMemory

/// What all address spaces of a kernel draw on: frames, slab caches, and the machine-wide accounts.
///
/// Made once at boot and never moved. The caches have locks of their own; `commit` is changed under
/// `commitLock`, the innermost lock.
public struct MemoryServices: ~Copyable {
  public let pages: Ref<PageAllocator>
  public let format: TranslationFormat
  /// The kernel's tables, whose upper part all spaces share where one root serves both halves.
  public let kernelRoot: PageFrameNumber?
  /// What programs see of the kernel's version.
  public let rules: KernelRules
  /// `transparent_hugepage/enabled`.
  public var hugePages = HugePagePolicy.madvise
  /// The frame of zeros that reads of untouched memory share. Linux: `empty_zero_page`.
  public let zeroPage: Ref<Page>
  /// Whether programs and files put bytes into frames. A replay knows no bytes, only which pages are
  /// used: its frames stay zero, and a host need not have memory for them.
  public let hasContents: Bool

  public var vmas: TypedCache<VMA>
  public var anonVMAs: TypedCache<AnonVMA>
  public var spaces: TypedCache<AddressSpace>
  public var files: TypedCache<MappedFile>
  public var names: KmallocCaches
  public var areaNames: TypedCache<AreaName>
  /// What the kernel was built with and what its processor can.
  public var features = KernelFeatures.standard
  public var nodes: TypedCache<RadixNode>
  /// Every address space with users. Linux: `mmlist`.
  public var allSpaces = IntrusiveList<SpaceLinking>()
  public var commit: CommitAccount
  public var commitLock = RawSpinLock()

  /// Makes the caches and takes one frame for the zero page.
  ///
  /// - Throws: `outOfMemory` when even that is not there.
  public init(
    pages: Ref<PageAllocator>, format: TranslationFormat, kernelRoot: PageFrameNumber? = nil,
    version: LinuxVersion, commit: CommitAccount, hasContents: Bool = true
  ) throws(AllocationError) {
    let zeroPage = try pages.pointee.allocatePage(flags: [.kernel, .zeroed])
    let vmas = try TypedCache<VMA>(name: "vm_area_struct", pages: pages)
    let anonVMAs = try TypedCache<AnonVMA>(name: "anon_vma", pages: pages)
    let spaces = try TypedCache<AddressSpace>(name: "mm_struct", pages: pages)
    let files = try TypedCache<MappedFile>(name: "address_space", pages: pages)
    let nodes = try TypedCache<RadixNode>(name: "radix_tree_node", pages: pages)
    let names = try KmallocCaches(pages: pages)
    let areaNames = try TypedCache<AreaName>(name: "anon_vma_name", pages: pages)
    self.pages = pages
    self.format = format
    self.kernelRoot = kernelRoot
    rules = KernelRules(version)
    self.commit = commit
    self.zeroPage = zeroPage
    self.hasContents = hasContents
    self.vmas = vmas
    self.anonVMAs = anonVMAs
    self.spaces = spaces
    self.files = files
    self.nodes = nodes
    self.names = names
    self.areaNames = areaNames
  }

  /// Promises `pages` to an owner; `outOfMemory` when the policy refuses.
  ///
  /// - Parameters: as of `CommitAccount.charge`.
  public mutating func charge(
    _ pages: PageCount, mapped: PageCount = .zero, isAdministrator: Bool = false
  ) throws(MapError) {
    guard pages > .zero else { return }
    commitLock.lock()
    defer { commitLock.unlock() }
    try commit.charge(pages, mapped: mapped, isAdministrator: isAdministrator)
  }

  /// Promises without asking: for pages whose promise was just taken back from another area.
  mutating func recharge(_ pages: PageCount) {
    commitLock.lock()
    commit.recharge(pages)
    commitLock.unlock()
  }

  /// Takes back what `charge` promised.
  public mutating func uncharge(_ pages: PageCount) {
    guard pages > .zero else { return }
    commitLock.lock()
    commit.uncharge(pages)
    commitLock.unlock()
  }
}
