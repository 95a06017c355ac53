// The names are those of errno(3).
// swift-format-ignore-file: AlwaysUseLowerCamelCase

/// The error numbers a memory call can return, with the values of Linux on every architecture here.
///
/// Only the system-call face speaks in these; each layer below has its own small typed errors.
@frozen
public struct Errno: Error, Hashable, Sendable {
  /// The positive number, as in `errno(3)`.
  public let rawValue: Int32

  @inlinable @inline(__always)
  public init(_ rawValue: Int32) { self.rawValue = rawValue }

  public static var EPERM: Errno { Errno(1) }
  public static var ENOENT: Errno { Errno(2) }
  public static var ESRCH: Errno { Errno(3) }
  public static var EINTR: Errno { Errno(4) }
  public static var EIO: Errno { Errno(5) }
  public static var E2BIG: Errno { Errno(7) }
  public static var ENOEXEC: Errno { Errno(8) }
  public static var EBADF: Errno { Errno(9) }
  public static var ECHILD: Errno { Errno(10) }
  public static var EAGAIN: Errno { Errno(11) }
  public static var ENOMEM: Errno { Errno(12) }
  public static var EACCES: Errno { Errno(13) }
  public static var EFAULT: Errno { Errno(14) }
  public static var EBUSY: Errno { Errno(16) }
  public static var EFBIG: Errno { Errno(27) }
  public static var EEXIST: Errno { Errno(17) }
  public static var ENODEV: Errno { Errno(19) }
  public static var EINVAL: Errno { Errno(22) }
  public static var ENFILE: Errno { Errno(23) }
  public static var ETXTBSY: Errno { Errno(26) }
  public static var ENOSPC: Errno { Errno(28) }
  public static var ENOSYS: Errno { Errno(38) }
  public static var EOVERFLOW: Errno { Errno(75) }
  public static var EOPNOTSUPP: Errno { Errno(95) }
  public static var ELIBBAD: Errno { Errno(80) }

  /// The symbol of `errno.h`, as strace and the oracle logs print it; nil for a number not listed.
  public var name: StaticString? {
    switch rawValue {
    case 1: "EPERM"
    case 2: "ENOENT"
    case 3: "ESRCH"
    case 4: "EINTR"
    case 5: "EIO"
    case 7: "E2BIG"
    case 8: "ENOEXEC"
    case 9: "EBADF"
    case 10: "ECHILD"
    case 11: "EAGAIN"
    case 12: "ENOMEM"
    case 13: "EACCES"
    case 14: "EFAULT"
    case 16: "EBUSY"
    case 17: "EEXIST"
    case 19: "ENODEV"
    case 22: "EINVAL"
    case 23: "ENFILE"
    case 26: "ETXTBSY"
    case 27: "EFBIG"
    case 28: "ENOSPC"
    case 38: "ENOSYS"
    case 75: "EOVERFLOW"
    case 95: "EOPNOTSUPP"
    case 80: "ELIBBAD"
    default: nil
    }
  }
}
