/// What a program tells the kernel about a range, with the values of `madvise`.
public enum Advice: Int32, CaseIterable, Hashable, Sendable {
  case normal = 0
  case random = 1
  case sequential = 2
  case willNeed = 3
  case dontNeed = 4
  case free = 8
  case remove = 9
  case dontFork = 10
  case doFork = 11
  case mergeable = 12
  case unmergeable = 13
  case hugePage = 14
  case noHugePage = 15
  case dontDump = 16
  case doDump = 17
  case wipeOnFork = 18
  case keepOnFork = 19
  case cold = 20
  case pageOut = 21
  case populateRead = 22
  case populateWrite = 23
  case dontNeedLocked = 24
  case collapse = 25
  case hardwarePoison = 100
  case softOffline = 101
  case guardInstall = 102
  case guardRemove = 103

  /// Whether a kernel of these rules and features knows the advice. Linux: `madvise_behavior_valid()`, mm/madvise.c.
  public func isKnown(_ rules: KernelRules, _ features: KernelFeatures) -> Bool {
    switch self {
    case .mergeable, .unmergeable: features.contains(.samePageMerging)
    case .hugePage, .noHugePage, .collapse: features.contains(.hugePages)
    case .hardwarePoison, .softOffline: features.contains(.memoryFailure)
    case .guardInstall, .guardRemove: rules.contains(.hasGuardMarkers)
    default: true
    }
  }

  /// What one process may advise another's memory. Linux: `process_madvise_remote_valid()`.
  public var isForOthers: Bool {
    switch self {
    case .cold, .pageOut, .willNeed, .collapse: true
    default: false
    }
  }
}

/// What a kernel was built with, and what its processor can; none of it follows from the version.
@frozen
public struct KernelFeatures: OptionSet, Hashable, Sendable {
  public let rawValue: UInt32

  @inlinable @inline(__always)
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Bad memory is dealt with. Linux: `CONFIG_MEMORY_FAILURE`.
  public static var memoryFailure: KernelFeatures { KernelFeatures(rawValue: 1) }
  /// Programs may name their memory. Linux: `CONFIG_ANON_VMA_NAME`.
  public static var areaNames: KernelFeatures { KernelFeatures(rawValue: 2) }
  /// Linux: `CONFIG_KSM`.
  public static var samePageMerging: KernelFeatures { KernelFeatures(rawValue: 4) }
  /// Linux: `CONFIG_TRANSPARENT_HUGEPAGE`.
  public static var hugePages: KernelFeatures { KernelFeatures(rawValue: 8) }
  /// The processor checks protection keys. Linux: `X86_FEATURE_OSPKE`.
  public static var protectionKeys: KernelFeatures { KernelFeatures(rawValue: 16) }

  /// What distributions build, on a processor without protection keys.
  public static var standard: KernelFeatures {
    [.memoryFailure, .areaNames, .samePageMerging, .hugePages]
  }
}

extension Advice {
  /// Takes something away that cannot be had back. Linux: `is_discard()`, mm/madvise.c.
  var isDiscarding: Bool {
    switch self {
    case .free, .dontNeed, .dontNeedLocked, .remove, .dontFork, .wipeOnFork, .guardInstall: true
    default: false
    }
  }
}
