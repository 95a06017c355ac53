internal import MemoryTypes

extension AddressSpace {
  /// The flags that an area has once an advice is taken.
  ///
  /// - Throws: `invalidArgument` for an area that the advice is not for.
  ///
  /// Linux: the second half of `madvise_vma_behavior()`, mm/madvise.c.
  func advisedFlags(_ advice: Advice, _ area: VMA) throws(MapError) -> VMAFlags {
    let flags = area.flags
    switch advice {
    case .normal: return flags.subtracting([.randomRead, .sequentialRead])
    case .sequential: return flags.subtracting(.randomRead).union(.sequentialRead)
    case .random: return flags.subtracting(.sequentialRead).union(.randomRead)
    case .dontFork: return flags.union(.dontCopy)
    case .doFork:
      guard !flags.contains(.device) else { throw .invalidArgument }
      return flags.subtracting(.dontCopy)
    case .wipeOnFork:
      guard area.file == nil, !flags.contains(.shared) else { throw .invalidArgument }
      return flags.union(.wipeOnFork)
    case .keepOnFork:
      guard !flags.contains(.droppable) else { throw .invalidArgument }
      return flags.subtracting(.wipeOnFork)
    case .dontDump: return flags.union(.dontDump)
    case .doDump:
      guard flags.contains(.hugeTLB) || flags.isDisjoint(with: .special),
        !flags.contains(.droppable)
      else { throw .invalidArgument }
      return flags.subtracting(.dontDump)
    case .mergeable: return isMergeCapable(flags) ? flags.union(.mergeable) : flags
    case .unmergeable: return flags.subtracting(.mergeable)
    case .hugePage: return flags.subtracting(.noHugePages).union(.hugePages)
    case .noHugePage: return flags.subtracting(.hugePages).union(.noHugePages)
    default: return flags
    }
  }

  /// Whether equal pages of the area could be made one; asking for it elsewhere is no error.
  ///
  /// Linux: `vma_ksm_compatible()`, mm/ksm.c.
  private func isMergeCapable(_ flags: VMAFlags) -> Bool {
    flags.isDisjoint(with: VMAFlags.special.union([.shared, .mayShare, .hugeTLB, .droppable]))
  }
}
