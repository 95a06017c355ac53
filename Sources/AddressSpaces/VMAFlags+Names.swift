/// The two letters that `/proc/PID/smaps` has for each flag.
extension VMAFlags {
  /// Calls `body` with the letters of each flag that is set, in the order of the kernel's text.
  ///
  /// Linux: `show_smap_vma_flags()`, fs/proc/task_mmu.c.
  ///
  /// - Parameter rules: `showsGuards` says whether guard markers have letters.
  public func forEachName(_ rules: KernelRules, _ body: (StaticString) -> Void) {
    for bit in UInt64(0)..<43 {
      let flag = VMAFlags(rawValue: 1 &<< bit)
      guard contains(flag), flag != .mayHaveGuards || rules.contains(.showsGuards) else { continue }
      if let name = flag.letters { body(name) }
    }
  }

  private var letters: StaticString? {
    switch self {
    case .read: "rd"
    case .write: "wr"
    case .execute: "ex"
    case .shared: "sh"
    case .mayRead: "mr"
    case .mayWrite: "mw"
    case .mayExecute: "me"
    case .mayShare: "ms"
    case .growsDown: "gd"
    case .rawFrames: "pf"
    case .mayHaveGuards: "gu"
    case .locked: "lo"
    case .device: "io"
    case .sequentialRead: "sr"
    case .randomRead: "rr"
    case .dontCopy: "dc"
    case .dontExpand: "de"
    case .lockOnFault: "lf"
    case .accounted: "ac"
    case .noReserve: "nr"
    case .hugeTLB: "ht"
    case .synchronous: "sf"
    case .wipeOnFork: "wf"
    case .dontDump: "dd"
    case .softDirty: "sd"
    case .mixedFrames: "mm"
    case .hugePages: "hg"
    case .noHugePages: "nh"
    case .mergeable: "mg"
    case .droppable: "dp"
    case .sealed: "sl"
    default: nil
    }
  }
}
