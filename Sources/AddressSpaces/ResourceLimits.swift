public import MemoryTypes

/// The limits a process runs under; `UInt.max` bytes stands for "unlimited". Linux: `rlimit`.
public struct ResourceLimits: Hashable, Sendable {
  /// `RLIMIT_AS`: bytes of address space.
  public var addressSpace = ByteCount(.max)
  /// `RLIMIT_DATA`: bytes of private writable memory.
  public var data = ByteCount(.max)
  /// `RLIMIT_STACK`: bytes a stack may grow to.
  public var stack = ByteCount(8 << 20)
  /// `RLIMIT_MEMLOCK`: bytes that may be locked.
  public var locked = ByteCount(8 << 20)
  /// `vm.max_map_count`.
  public var maximumVMAs = 65530

  public init() {}
}

/// The pages that VMAs promise to their owners, for the whole machine.
///
/// Linux: `vm_committed_as` and `__vm_enough_memory()`, mm/util.c.
public struct CommitAccount: Hashable, Sendable {
  public var policy: Policy
  /// RAM and swap together.
  public var totalPages: PageCount
  public private(set) var committed = PageCount.zero

  public init(policy: Policy, totalPages: PageCount) {
    self.policy = policy
    self.totalPages = totalPages
  }

  /// `vm.overcommit_memory`.
  public enum Policy: UInt8, Sendable {
    /// 0: refuse only a single request larger than all memory.
    case heuristic
    /// 1: refuse nothing.
    case always
    /// 2: refuse what exceeds half of RAM plus swap in total.
    case never
  }

  /// Promises `pages` more, or throws `outOfMemory` and promises nothing.
  public mutating func charge(_ pages: PageCount) throws(MapError) {
    let total = PageCount(committed.rawValue &+ pages.rawValue)
    switch policy {
    case .always: break
    case .heuristic: if pages > totalPages { throw .outOfMemory }
    case .never: if total.rawValue > totalPages.rawValue / 2 { throw .outOfMemory }
    }
    committed = total
  }

  /// Promises `pages` more, whatever the policy.
  mutating func recharge(_ pages: PageCount) { committed += pages }

  /// Takes a promise back.
  public mutating func uncharge(_ pages: PageCount) { committed -= pages }
}

/// The release of a kernel. What it does otherwise than another stands in `KernelRules`.
public struct LinuxVersion: Comparable, Hashable, Sendable {
  public var major: Int
  public var minor: Int

  public init(_ major: Int, _ minor: Int) {
    self.major = major
    self.minor = minor
  }

  public static var v6_18: LinuxVersion { LinuxVersion(6, 18) }

  public static func < (left: Self, right: Self) -> Bool {
    (left.major, left.minor) < (right.major, right.minor)
  }
}
