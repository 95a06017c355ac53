/// The rows of the table that are about mappings as such.
extension KernelRules {
  /// Where mappings are placed.
  static func placementRow(_ index: Int) -> Row {
    switch index {
    case 0:
      Row(
        rule: .alignsAnonymousMappings, name: "alignsAnonymousMappings",
        since: LinuxVersion(6, 7), function: "__get_unmapped_area(), mm/mmap.c",
        now: "private anonymous mappings of whole huge pages without a hint are aligned to them",
        before: "only files of file systems that ask for it are")
    case 1:
      Row(
        rule: .alignsFromTheTop, name: "alignsFromTheTop",
        since: LinuxVersion(6, 8), function: "__thp_get_unmapped_area(), mm/huge_memory.c",
        now: "an aligned mapping takes the upper end of a range that is aligned by itself",
        before: "the lower end")
    case 2:
      Row(
        rule: .heapMovesFar, name: "heapMovesFar",
        since: LinuxVersion(6, 9), function: "arch_randomize_brk(), arch/x86/kernel/process.c",
        now: "randomisation moves the heap of 64-bit x86 programs by up to 1 GiB",
        before: "by up to 32 MiB")
    default:
      Row(
        rule: .hintsGoLower, name: "hintsGoLower",
        since: LinuxVersion(6, 12), function: "update_mmap_min_addr(), security/min_addr.c",
        now:
          "arm64: hints are lifted to 4096 (the kernels recorded have no floor of a security module)",
        before: "to 32768 (Debian's CONFIG_LSM_MMAP_MIN_ADDR)")
    }
  }

  /// What a mapping may be, and what a call leaves of what stood there.
  static func mappingRow(_ index: Int) -> Row {
    switch index {
    case 0:
      Row(
        rule: .stackFlagRefusesHugePages, name: "stackFlagRefusesHugePages",
        since: LinuxVersion(6, 7), function: "calc_vm_flag_bits(), include/linux/mman.h",
        now: "MAP_STACK areas refuse huge pages, hence do not merge with others",
        before: "MAP_STACK has no effect")
    case 1:
      Row(
        rule: .readOnlyReturnsPromise, name: "readOnlyReturnsPromise",
        since: LinuxVersion(6, 6), function: "mprotect_fixup(), mm/mprotect.c",
        now: "untouched private memory that becomes read-only is no longer promised (VM_ACCOUNT)",
        before: "it stays promised, and does not merge with memory that never was")
    case 2:
      Row(
        rule: .checksBeforeReplacing, name: "checksBeforeReplacing",
        since: LinuxVersion(6, 12), function: "__mmap_region(), mm/vma.c",
        now:
          "a fixed mapping that is refused leaves what stood there, split at the range's borders",
        before:
          "limits are checked before anything changes; a refused promise comes after the unmapping")
    default:
      Row(
        rule: .knowsDroppableMemory, name: "knowsDroppableMemory",
        since: LinuxVersion(6, 11), function: "do_mmap(), mm/mmap.c",
        now: "MAP_DROPPABLE is a type of mapping",
        before: "EINVAL")
    }
  }

  /// What merges, and what it is called.
  static func mergingRow(_ index: Int) -> Row {
    switch index {
    case 0:
      Row(
        rule: .familySpreadsToUntouched, name: "familySpreadsToUntouched",
        since: LinuxVersion(6, 16), function: "is_mergeable_anon_vma(), mm/vma.c",
        now: "touched memory merges into an untouched neighbour",
        before: "only untouched memory merges into a touched neighbour")
    case 1:
      Row(
        rule: .previousMergesFirst, name: "previousMergesFirst",
        since: LinuxVersion(6, 12), function: "vma_merge_new_range(), mm/vma.c",
        now: "a new mapping between touched areas of two families joins the one below",
        before: "it joins the one above")
    case 2:
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
        rule: .labelsHeapItselfOnly, name: "labelsHeapItselfOnly",
        since: LinuxVersion(6, 6), function: "vma_is_initial_heap(), include/linux/mm.h",
        now: "maps labels the areas between the heap's start and the break [heap]",
        before: "and those that only touch them")
    }
  }

  /// What moves, and what is protected from it.
  static func remappingRow(_ index: Int) -> Row {
    switch index {
    case 0:
      Row(
        rule: .checksRemapFirst, name: "checksRemapFirst",
        since: LinuxVersion(6, 17), function: "check_mremap_params(), mm/mremap.c",
        now: "all arguments are checked before the area is, and that before the target is cleared",
        before: "EFAULT for a hole comes before a bad new address, and after the target is cleared")
    case 1:
      Row(
        rule: .remapsSeveralAreas, name: "remapsSeveralAreas",
        since: LinuxVersion(6, 17), function: "remap_move(), mm/mremap.c",
        now: "mremap to a fixed place with equal sizes moves all areas of the range, holes kept",
        before: "EFAULT for a range of several areas")
    case 2:
      Row(
        rule: .unlocksWholeSource, name: "unlocksWholeSource",
        since: LinuxVersion(6, 17), function: "dontunmap_complete(), mm/mremap.c",
        now: "MREMAP_DONTUNMAP unlocks the whole area it moves from, which its copy may merge with",
        before: "it unlocks the range only, split off, and the copy stays apart from its source")
    case 3:
      Row(
        rule: .countsLocksTwice, name: "countsLocksTwice",
        since: LinuxVersion(6, 17), function: "vrm_stat_account(), mm/mremap.c",
        now: "MREMAP_DONTUNMAP of locked memory counts its pages as locked twice, for ever",
        before: "the count goes over with the pages")
    default:
      Row(
        rule: .hasSeals, name: "hasSeals",
        since: LinuxVersion(6, 10), function: "mseal, mm/mseal.c",
        now: "mseal() protects mappings from being changed",
        before: "ENOSYS")
    }
  }
}
