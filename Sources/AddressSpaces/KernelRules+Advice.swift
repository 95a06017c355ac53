/// The rows of the table that are about advice.
extension KernelRules {
  public static var hasGuardMarkers: KernelRules { KernelRules(rawValue: 1 << 20) }
  public static var advisesItselfFreely: KernelRules { KernelRules(rawValue: 1 << 21) }
  public static var guardsFiles: KernelRules { KernelRules(rawValue: 1 << 22) }
  public static var showsGuards: KernelRules { KernelRules(rawValue: 1 << 23) }

  static var adviceRowCount: Int { 4 }

  /// The row at `index`, 0 up to `adviceRowCount`.
  static func adviceRow(_ index: Int) -> Row {
    switch index {
    case 0:
      Row(
        rule: .hasGuardMarkers, name: "hasGuardMarkers",
        since: LinuxVersion(6, 13), function: "madvise_guard_install(), mm/madvise.c",
        now: "MADV_GUARD_INSTALL and MADV_GUARD_REMOVE are advices",
        before: "EINVAL")
    case 1:
      Row(
        rule: .advisesItselfFreely, name: "advisesItselfFreely",
        since: LinuxVersion(6, 13), function: "process_madvise, mm/madvise.c",
        now: "process_madvise takes every advice for the caller's own memory",
        before: "only MADV_COLD, MADV_PAGEOUT, MADV_WILLNEED and MADV_COLLAPSE")
    case 2:
      Row(
        rule: .guardsFiles, name: "guardsFiles",
        since: LinuxVersion(6, 15), function: "is_valid_guard_vma(), mm/madvise.c",
        now: "mappings of files and of memory that cannot become writable can be guarded",
        before: "only anonymous memory that can")
    default:
      Row(
        rule: .showsGuards, name: "showsGuards",
        since: LinuxVersion(6, 18), function: "show_smap_vma_flags(), fs/proc/task_mmu.c",
        now: "smaps shows areas that may have guard markers: gu; files with them need no family",
        before: "guard markers make a family for the area, as its first page would")
    }
  }
}
