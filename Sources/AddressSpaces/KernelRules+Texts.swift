/// Rules of the texts of `/proc/PID`, and of what a program is told at its start.
extension KernelRules {
  public static var tellsMergedPages: KernelRules { KernelRules(rawValue: 1 << 24) }
  public static var alignsEligibility: KernelRules { KernelRules(rawValue: 1 << 25) }

  public static var tellsRestartableSequences: KernelRules { KernelRules(rawValue: 1 << 26) }

  static var textRowCount: Int { 3 }

  /// The row at `index`, 0 up to `textRowCount`.
  static func textRow(_ index: Int) -> Row {
    switch index {
    case 0:
      Row(
        rule: .tellsMergedPages, name: "tellsMergedPages",
        since: LinuxVersion(6, 8), function: "__show_smap(), fs/proc/task_mmu.c",
        now: "smaps has a line KSM",
        before: "it has not")
    case 1:
      Row(
        rule: .tellsRestartableSequences, name: "tellsRestartableSequences",
        since: LinuxVersion(6, 3), function: "create_elf_tables(), fs/binfmt_elf.c",
        now: "the auxiliary vector has AT_RSEQ_FEATURE_SIZE and AT_RSEQ_ALIGN",
        before: "it has not")
    default:
      Row(
        rule: .alignsEligibility, name: "alignsEligibility",
        since: LinuxVersion(6, 7), function: "show_smap(), fs/proc/task_mmu.c",
        now: "THPeligible of smaps stands in a column of eight",
        before: "it follows four blanks")
    }
  }
}
