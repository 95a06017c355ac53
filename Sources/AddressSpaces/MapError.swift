/// Why a memory call was refused. KernelCore maps each case to the `Errno` that Linux returns.
@frozen
public enum MapError: Error, Hashable, Sendable {
  /// An argument makes no sense: misaligned, empty, contradictory. `EINVAL`.
  case invalidArgument
  /// No memory, no room, a limit, or a hole in the range. `ENOMEM`.
  case outOfMemory
  /// `MAP_FIXED_NOREPLACE` met a mapping. `EEXIST`.
  case rangeInUse
  /// Below the lowest address a process may map. `EPERM`.
  case notPermitted
  /// The file or the area does not allow the access asked for. `EACCES`.
  case accessDenied
  /// The limit of locked memory is reached. `EAGAIN`.
  case lockedLimit
  /// A file offset beyond what can be counted. `EOVERFLOW`.
  case offsetOverflow
  /// The address does not belong to a mapping. `EFAULT`.
  case badAddress
  /// A flag that this kind of mapping does not support. `EOPNOTSUPP`.
  case unsupportedFlag
  /// The file cannot be mapped. `ENODEV`.
  case notMappable
  /// The kernel of this version has no such call. `ENOSYS`.
  case notImplemented
  /// Something stands in the way for now. `EBUSY`.
  case busy
  /// The descriptor is not open. `EBADF`.
  case badDescriptor
  /// Memory for a structure of the kernel's own is short just now. `EAGAIN`.
  case tryAgain
  /// All protection keys are taken. `ENOSPC`.
  case noSpace
  /// Beyond what a file can hold. `EFBIG`.
  case fileTooLarge
}
