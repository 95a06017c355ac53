/// Behaviour that a program can see and that changed between the kernels replayed here: 6.1, 6.12 and
/// 6.18.
///
/// One flag per rule, in force from the version in its row on; the kernel before that did what the row
/// says of it. The rows are the one place that knows a version: code asks for the rule by name.
/// `Docs/kernel-versions.md` shows the same table, and a test holds the two together.
public struct KernelRules: OptionSet, Hashable, Sendable {
  public let rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// The rules in force in a version.
  public init(_ version: LinuxVersion) {
    var rules = KernelRules()
    for index in 0..<Self.rowCount where version >= Self.row(index).since {
      rules.insert(Self.row(index).rule)
    }
    self = rules
  }

  public static var alignsAnonymousMappings: KernelRules { KernelRules(rawValue: 1 << 0) }
  public static var stackFlagRefusesHugePages: KernelRules { KernelRules(rawValue: 1 << 1) }
  public static var readOnlyReturnsPromise: KernelRules { KernelRules(rawValue: 1 << 2) }
  public static var checksBeforeReplacing: KernelRules { KernelRules(rawValue: 1 << 3) }
  public static var familySpreadsToUntouched: KernelRules { KernelRules(rawValue: 1 << 4) }
  public static var hasSeals: KernelRules { KernelRules(rawValue: 1 << 5) }
  public static var checksRemapFirst: KernelRules { KernelRules(rawValue: 1 << 6) }
  public static var remapsSeveralAreas: KernelRules { KernelRules(rawValue: 1 << 7) }
  public static var countsLocksTwice: KernelRules { KernelRules(rawValue: 1 << 8) }
  public static var previousMergesFirst: KernelRules { KernelRules(rawValue: 1 << 9) }
  public static var labelsHeapItselfOnly: KernelRules { KernelRules(rawValue: 1 << 10) }
  public static var knowsDroppableMemory: KernelRules { KernelRules(rawValue: 1 << 11) }
  public static var unlocksWholeSource: KernelRules { KernelRules(rawValue: 1 << 12) }
  public static var heapIsLikeMappings: KernelRules { KernelRules(rawValue: 1 << 13) }
  public static var alignsFromTheTop: KernelRules { KernelRules(rawValue: 1 << 14) }
  public static var heapMovesFar: KernelRules { KernelRules(rawValue: 1 << 15) }
}

extension KernelRules {
  /// A row of the table.
  public struct Row: Sendable {
    public let rule: KernelRules
    public let name: StaticString
    public let since: LinuxVersion
    /// The function that decides, and its file.
    public let function: StaticString
    public let now: StaticString
    public let before: StaticString
  }

  public static var rowCount: Int { ownRowCount + adviceRowCount + textRowCount }
  private static var ownRowCount: Int { 16 }

  /// The row at `index`, 0 up to `rowCount`.
  public static func row(_ index: Int) -> Row {
    if index >= ownRowCount + adviceRowCount {
      return textRow(index - ownRowCount - adviceRowCount)
    }
    if index >= ownRowCount { return adviceRow(index - ownRowCount) }
    return switch index {
    case 0:
      Row(
        rule: .alignsAnonymousMappings, name: "alignsAnonymousMappings",
        since: LinuxVersion(6, 7), function: "__get_unmapped_area(), mm/mmap.c",
        now: "private anonymous mappings of whole huge pages without a hint are aligned to them",
        before: "only files of file systems that ask for it are")
    case 1:
      Row(
        rule: .stackFlagRefusesHugePages, name: "stackFlagRefusesHugePages",
        since: LinuxVersion(6, 7), function: "calc_vm_flag_bits(), include/linux/mman.h",
        now: "MAP_STACK areas refuse huge pages, hence do not merge with others",
        before: "MAP_STACK has no effect")
    case 2:
      Row(
        rule: .readOnlyReturnsPromise, name: "readOnlyReturnsPromise",
        since: LinuxVersion(6, 6), function: "mprotect_fixup(), mm/mprotect.c",
        now: "untouched private memory that becomes read-only is no longer promised (VM_ACCOUNT)",
        before: "it stays promised, and does not merge with memory that never was")
    case 3:
      Row(
        rule: .checksBeforeReplacing, name: "checksBeforeReplacing",
        since: LinuxVersion(6, 12), function: "__mmap_region(), mm/vma.c",
        now:
          "a fixed mapping that is refused leaves what stood there, split at the range's borders",
        before:
          "limits are checked before anything changes; a refused promise comes after the unmapping")
    case 4:
      Row(
        rule: .familySpreadsToUntouched, name: "familySpreadsToUntouched",
        since: LinuxVersion(6, 16), function: "is_mergeable_anon_vma(), mm/vma.c",
        now: "touched memory merges into an untouched neighbour",
        before: "only untouched memory merges into a touched neighbour")
    default: laterRow(index)
    }
  }

  private static func laterRow(_ index: Int) -> Row {
    switch index {
    case 5:
      Row(
        rule: .hasSeals, name: "hasSeals",
        since: LinuxVersion(6, 10), function: "mseal, mm/mseal.c",
        now: "mseal() protects mappings from being changed",
        before: "ENOSYS")
    case 6:
      Row(
        rule: .checksRemapFirst, name: "checksRemapFirst",
        since: LinuxVersion(6, 17), function: "check_mremap_params(), mm/mremap.c",
        now: "all arguments are checked before the area is, and that before the target is cleared",
        before: "EFAULT for a hole comes before a bad new address, and after the target is cleared")
    case 7:
      Row(
        rule: .remapsSeveralAreas, name: "remapsSeveralAreas",
        since: LinuxVersion(6, 17), function: "remap_move(), mm/mremap.c",
        now: "mremap to a fixed place with equal sizes moves all areas of the range, holes kept",
        before: "EFAULT for a range of several areas")
    case 8:
      Row(
        rule: .previousMergesFirst, name: "previousMergesFirst",
        since: LinuxVersion(6, 12), function: "vma_merge_new_range(), mm/vma.c",
        now: "a new mapping between touched areas of two families joins the one below",
        before: "it joins the one above")
    case 9:
      Row(
        rule: .labelsHeapItselfOnly, name: "labelsHeapItselfOnly",
        since: LinuxVersion(6, 6), function: "vma_is_initial_heap(), include/linux/mm.h",
        now: "maps labels the areas between the heap's start and the break [heap]",
        before: "and those that only touch them")
    case 10:
      Row(
        rule: .knowsDroppableMemory, name: "knowsDroppableMemory",
        since: LinuxVersion(6, 11), function: "do_mmap(), mm/mmap.c",
        now: "MAP_DROPPABLE is a type of mapping",
        before: "EINVAL")
    case 11:
      Row(
        rule: .unlocksWholeSource, name: "unlocksWholeSource",
        since: LinuxVersion(6, 17), function: "dontunmap_complete(), mm/mremap.c",
        now: "MREMAP_DONTUNMAP unlocks the whole area it moves from, which its copy may merge with",
        before: "it unlocks the range only, split off, and the copy stays apart from its source")
    case 12:
      Row(
        rule: .alignsFromTheTop, name: "alignsFromTheTop",
        since: LinuxVersion(6, 8), function: "__thp_get_unmapped_area(), mm/huge_memory.c",
        now: "an aligned mapping takes the upper end of a range that is aligned by itself",
        before: "the lower end")
    case 13:
      Row(
        rule: .heapMovesFar, name: "heapMovesFar",
        since: LinuxVersion(6, 9), function: "arch_randomize_brk(), arch/x86/kernel/process.c",
        now: "randomisation moves the heap of 64-bit x86 programs by up to 1 GiB",
        before: "by up to 32 MiB")
    case 14:
      Row(
        rule: .heapIsLikeMappings, name: "heapIsLikeMappings",
        since: LinuxVersion(6, 12),
        function: "VM_DATA_DEFAULT_FLAGS, arch/arm64/include/asm/page.h",
        now:
          "arm64: the heap merges with mappings (the kernels recorded are built without memory tags)",
        before:
          "it does not (the kernel recorded has tags, VM_MTE_ALLOWED, and its processor has not)")
    default:
      Row(
        rule: .countsLocksTwice, name: "countsLocksTwice",
        since: LinuxVersion(6, 17), function: "vrm_stat_account(), mm/mremap.c",
        now: "MREMAP_DONTUNMAP of locked memory counts its pages as locked twice, for ever",
        before: "the count goes over with the pages")
    }
  }
}
