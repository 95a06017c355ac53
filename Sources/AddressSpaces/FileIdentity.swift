/// Where a file lies. Linux: `s_dev` and `i_ino` of its inode.
public struct FileIdentity: Hashable, Sendable {
  public var major: UInt32
  public var minor: UInt32
  public var inode: UInt64

  public init(major: UInt32 = 0, minor: UInt32 = 0, inode: UInt64 = 0) {
    self.major = major
    self.minor = minor
    self.inode = inode
  }
}
