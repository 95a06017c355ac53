extension ExecImage {
  /// The initial program break that an image's maps tell: without address randomisation it is the
  /// page-aligned end of the program's data or, behind that, of its bss.
  ///
  /// Nil for an image without the program itself, and for a position-independent program that has
  /// no interpreter: its break lies elsewhere (Linux: `load_elf_binary()` keeps it off the mmap area).
  static func programBreak(of path: String, in mappings: [MapLine]) -> UInt64? {
    guard let last = mappings.lastIndex(where: { $0.path == path }) else { return nil }
    let isHigh = mappings[last].start >= 1 << 32
    let interpreter = mappings.first {
      $0.path.hasPrefix("/") && $0.path != path && $0.permissions.contains(.execute)
    }
    guard !isHigh || interpreter != nil else { return nil }
    var end = mappings[last].end
    let next = mappings.index(after: last)
    if next < mappings.endIndex, mappings[next].start == end, mappings[next].path.isEmpty {
      end = mappings[next].end
    }
    return end
  }
}
