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
  /// How far the process itself may raise its limits.
  public var highest = HighestLimits()
  public var privileges: Privileges = []

  public init() {}
}

/// The hard limits; `UInt.max` bytes stands for "unlimited". Linux: `rlim_max`.
public struct HighestLimits: Hashable, Sendable {
  public var addressSpace = ByteCount(.max)
  public var data = ByteCount(.max)
  public var stack = ByteCount(.max)
  public var locked = ByteCount(.max)

  public init() {}
}

/// What a process may do beyond its limits. Linux: the capabilities of its credentials.
@frozen
public struct Privileges: OptionSet, Hashable, Sendable {
  public let rawValue: UInt32

  @inlinable @inline(__always)
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Lock memory without limit. Linux: `CAP_IPC_LOCK`.
  public static var locking: Privileges { Privileges(rawValue: 1) }
  /// Raise its own limits and move the bounds of its image. Linux: `CAP_SYS_RESOURCE`.
  public static var resources: Privileges { Privileges(rawValue: 2) }
  /// Use the administrator's reserve, and break memory on purpose. Linux: `CAP_SYS_ADMIN`.
  public static var administration: Privileges { Privileges(rawValue: 4) }
  /// Advise the memory of others. Linux: `CAP_SYS_NICE`.
  public static var priorities: Privileges { Privileges(rawValue: 8) }
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
