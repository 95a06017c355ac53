public import AddressSpaces
internal import Machine
public import MemoryTypes

/// The system calls on files that mappings feel.
extension Kernel {
  /// Makes a file shorter or longer; what mappings show beyond the new end is gone.
  ///
  /// - Throws: `EINVAL` for a negative size, a descriptor that may not write or no regular file, `EBADF`
  ///   for one that is not open, `EFBIG` beyond what the file system can hold, `EPERM` against a seal.
  ///
  /// Linux: `do_sys_ftruncate()`, fs/open.c.
  public func ftruncate(_ file: OpenFile, length: Int64) throws(Errno) {
    guard length >= 0 else { throw .EINVAL }
    guard case .file(let mapped, let access, _) = file else { throw .EBADF }
    guard access.contains(.write), mapped.pointee.kind != .device, mapped.pointee.isMappable else {
      throw .EINVAL
    }
    guard UInt64(length) <= mapped.pointee.maximumSize else { throw .EFBIG }
    guard mapped.pointee.allowsSize(UInt64(length)) else { throw .EPERM }
    services.resize(mapped, to: UInt64(length)) { flush($0) }
  }

  /// Writes the dirty pages of a part of a file back; later writes by mappings fault again.
  ///
  /// Linux: `vfs_fsync_range()`, fs/sync.c, as `msync(MS_SYNC)` calls it.
  public func writeBack(_ file: Ref<MappedFile>, from first: UInt, through last: UInt) {
    services.writeBack(file, from: first, through: last) { flush($0) }
  }
}
