internal import MemoryTypes

/// One cached translation of a naturally aligned piece of memory. 32 bytes on 64-bit hosts.
///
///     tag    | first address of the piece            | log2 of its size |   0: the entry is free
///     frame  | physical address of its first byte    | AccessRights     |
@frozen
public struct TLBEntry: Sendable {
  @usableFromInline var tag: UInt
  @usableFromInline var frame: UInt64
  /// The clock of the TLB when it last hit.
  @usableFromInline var lastUse: UInt64
  /// Its ASID, and which bits of it count: none for a global page.
  @usableFromInline var asid: UInt16
  @usableFromInline var asidMask: UInt16
  /// The next entry of the same bucket.
  var next: UInt16
  /// log2 of the leaf it comes from: above its own size if the TLB could not hold the whole.
  var leafShift: UInt8

  static func free(next: UInt16) -> TLBEntry {
    TLBEntry(tag: 0, frame: 0, lastUse: 0, asid: 0, asidMask: 0, next: next, leafShift: 0)
  }

  /// The bits of `tag` that hold the size; the smallest piece leaves twelve.
  static var shiftMask: UInt { 63 }

  /// The tag of the piece of 2^`shift` bytes around `address`.
  @inline(__always)
  static func tag(_ address: VirtualAddress, _ shift: UInt) -> UInt {
    (address.rawValue >> shift) << shift | shift
  }

  @inlinable @inline(__always)
  func matches(_ tag: UInt, _ asid: ASID) -> Bool {
    (self.tag ^ tag) | UInt((self.asid ^ asid.rawValue) & asidMask) == 0
  }

  var shift: UInt { tag & Self.shiftMask }
  var start: VirtualAddress { VirtualAddress(tag & ~Self.shiftMask) }
  var isGlobal: Bool { asidMask == 0 }

  /// The first and the last address of the leaf that it comes from.
  var leafFirst: UInt { start.rawValue & ~((1 << UInt(leafShift)) &- 1) }
  var leafLast: UInt { start.rawValue | ((1 << UInt(leafShift)) &- 1) }
}
