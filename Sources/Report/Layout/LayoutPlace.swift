import AddressSpaces
import MemoryTypes

/// One named place of a user layout with all that is said about it.
struct LayoutPlace {
  var name: String
  /// Hexadecimal; nil where the program decides.
  var address: String?
  var entropy: LayoutSheet.Entropy?
  /// Where the place may be with randomisation.
  var range: VirtualRange?
  /// The Linux function or constant that decides.
  var rule: String

  init(
    _ name: String, _ address: VirtualAddress?, _ entropy: LayoutSheet.Entropy? = nil,
    _ range: VirtualRange? = nil, rule: String
  ) {
    self.name = name
    self.address = address.map(Units.address)
    self.entropy = entropy
    self.range = range
    self.rule = rule
  }

  static func all(of sheet: LayoutSheet) -> [LayoutPlace] {
    [
      .init("null guard end", sheet.nullGuardEnd, rule: "mmap_min_addr, round_hint_to_min()"),
      .init("program (ET_EXEC)", sheet.fixedProgramStart, rule: "the file's p_vaddr"),
      .init(
        "program (PIE)", sheet.positionIndependentStart, sheet.mmapEntropy,
        sheet.randomPositionIndependentStart, rule: "ELF_ET_DYN_BASE, load_elf_binary()"),
      .init(
        "heap (brk)", nil, sheet.heapEntropy,
        rule: "end of .bss, up to a page; arch_randomize_brk()"),
      .init(
        "mmap top", sheet.layout.mmapBase, sheet.mmapEntropy, sheet.randomMmapTop,
        rule: "mmap_base(): stack limit + guard gap, at least 128 MiB"),
      .init(
        "stack top", sheet.layout.stackTop, sheet.stackEntropy, sheet.randomStackTop,
        rule: "STACK_TOP, randomize_stack_top()"),
      .init("default window end", sheet.layout.window, rule: "DEFAULT_MAP_WINDOW"),
      .init("task size", sheet.layout.taskSize, rule: "TASK_SIZE: the limit of explicit hints"),
    ]
  }
}
