/// The two letters that `/proc/PID/smaps` has for each flag.
extension VMAFlags {
  /// Calls `body` with the letters of each flag that is set, in the order of the kernel's text.
  ///
  /// Linux: `show_smap_vma_flags()`, fs/proc/task_mmu.c.
  ///
  /// - Parameter version: Guard markers have letters since 6.18.
  public func forEachName(_ version: LinuxVersion, _ body: (StaticString) -> Void) {
    for bit in UInt64(0)..<32 {
      let flag = VMAFlags(rawValue: 1 &<< bit)
      guard contains(flag), flag != .mayHaveGuards || version.showsGuards else { continue }
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
    default: nil
    }
  }
}

extension LinuxVersion {
  /// The flag that guard markers may stand in an area is kept and shown (6.18 and later).
  public var showsGuards: Bool { self >= LinuxVersion(6, 18) }
}
