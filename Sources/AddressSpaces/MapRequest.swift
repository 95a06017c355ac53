public import MemoryTypes

/// The arguments of `mmap`, decoded.
public struct MapRequest: Sendable {
  public var address: VirtualAddress
  public var length: ByteCount
  public var protection: Protection
  public var flags: MapFlags
  public var file: Ref<MappedFile>?
  /// What the descriptor was opened for.
  public var access: FileAccess
  /// Which opening of the file the descriptor stands for; any numbers that differ will do.
  public var opening: UInt32
  /// The byte of the file to begin with; a multiple of the page size.
  public var offset: UInt64

  public init(
    address: VirtualAddress, length: ByteCount, protection: Protection, flags: MapFlags,
    file: Ref<MappedFile>? = nil, access: FileAccess = [.read, .write], opening: UInt32 = 0,
    offset: UInt64 = 0
  ) {
    self.address = address
    self.length = length
    self.protection = protection
    self.flags = flags
    self.file = file
    self.access = access
    self.opening = opening
    self.offset = offset
  }

  /// The access mode of an open file.
  public struct FileAccess: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    public static var read: FileAccess { FileAccess(rawValue: 1) }
    public static var write: FileAccess { FileAccess(rawValue: 2) }
  }
}

extension MapRequest {
  /// `MAP_FIXED_NOREPLACE` implies `MAP_FIXED`.
  var isFixed: Bool { !flags.isDisjoint(with: [.fixed, .fixedNoReplace]) }
}
