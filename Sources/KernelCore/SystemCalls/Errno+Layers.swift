public import AddressSpaces
public import MemoryTypes

/// The one place where errors of the layers become error numbers.
extension Errno {
  /// What the system-call face answers for an error of the address space.
  public init(_ error: MapError) {
    self =
      switch error {
      case .invalidArgument: .EINVAL
      case .outOfMemory: .ENOMEM
      case .rangeInUse: .EEXIST
      case .notPermitted: .EPERM
      case .accessDenied: .EACCES
      case .lockedLimit: .EAGAIN
      case .offsetOverflow: .EOVERFLOW
      case .badAddress: .EFAULT
      case .unsupportedFlag: .EOPNOTSUPP
      case .notMappable: .ENODEV
      case .notImplemented: .ENOSYS
      case .badDescriptor: .EBADF
      case .tryAgain: .EAGAIN
      case .busy: .EBUSY
      case .noSpace: .ENOSPC
      case .fileTooLarge: .EFBIG
      }
  }
}
