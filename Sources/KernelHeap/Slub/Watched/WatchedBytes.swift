internal import MemoryTypes

/// The bytes of one slot that tell whether anybody wrote where he must not:
///
///     left red zone | object: poison while free | right red zone | link | users
struct WatchedBytes {
  /// Which user of an object. Linux: `enum track_item`.
  enum Track: UInt {
    case allocation = 0
    case free = 1
  }

  /// Of red zones around objects that live. Linux: `SLUB_RED_ACTIVE`.
  static var redInUse: UInt8 { 0xCC }
  /// Of red zones around free objects. Linux: `SLUB_RED_INACTIVE`.
  static var redFree: UInt8 { 0xBB }
  /// Of free objects. Linux: `POISON_FREE`.
  static var poison: UInt8 { 0x6B }
  /// Of the last byte of free objects. Linux: `POISON_END`.
  static var poisonEnd: UInt8 { 0xA5 }
  /// Of what no object owns. Linux: `POISON_INUSE`.
  static var padding: UInt8 { 0x5A }

  let object: UInt
  let size: UInt
  let leftZone: UInt
  let rightZone: UInt
  let isPoisoned: Bool
  private let isRedZoned: Bool
  private let trackOffset: UInt

  init(_ object: UInt, _ core: Ref<SlabCore>) {
    let geometry = core.pointee.geometry
    let flags = core.pointee.flags
    self.object = object
    size = geometry.objectSize.rawValue
    leftZone = geometry.leftZone
    isRedZoned = flags.contains(.redZoned)
    rightZone = isRedZoned ? geometry.innerSize &- size : 0
    isPoisoned =
      flags.contains(.poisoned) && !flags.contains(.typeSafeByRCU)
      && core.pointee.constructor == nil
    trackOffset = geometry.trackOffset
  }

  /// Fills red zones and poison for the state that begins. Linux: `init_object()`.
  func mark(inUse: Bool) {
    let red = inUse ? Self.redInUse : Self.redFree
    Self.fill(object &- leftZone, leftZone, with: red)
    Self.fill(object &+ size, rightZone, with: red)
    guard isPoisoned, !inUse else { return }
    Self.fill(object, size &- 1, with: Self.poison)
    Self.fill(object &+ size &- 1, 1, with: Self.poisonEnd)
  }

  func setTrack(_ which: Track, _ track: SlabTrack) {
    guard trackOffset != 0 else { return }
    unsafe place(which).pointee = track
  }

  func track(_ which: Track) -> SlabTrack? {
    trackOffset == 0 ? nil : unsafe place(which).pointee
  }

  /// The first and the last of `count` bytes from `start` that are not `value`.
  static func differing(_ start: UInt, _ count: UInt, from value: UInt8) -> ClosedRange<UInt>? {
    var first: UInt?
    var last: UInt = 0
    for offset in 0..<count where byte(start &+ offset) != value {
      if first == nil { first = start &+ offset }
      last = start &+ offset
    }
    guard let first else { return nil }
    return first...last
  }

  static func byte(_ address: UInt) -> UInt8 {
    // SAFETY: callers stay inside the slab of a cache that they hold.
    unsafe UnsafePointer<UInt8>(bitPattern: address).unsafelyUnwrapped.pointee
  }

  static func fill(_ start: UInt, _ count: UInt, with value: UInt8) {
    guard count > 0 else { return }
    // SAFETY: as for `byte(_:)`.
    let place = unsafe UnsafeMutablePointer<UInt8>(bitPattern: start).unsafelyUnwrapped
    unsafe place.update(repeating: value, count: Int(count))
  }

  private func place(_ which: Track) -> UnsafeMutablePointer<SlabTrack> {
    let offset = trackOffset &+ which.rawValue &* UInt(MemoryLayout<SlabTrack>.stride)
    // SAFETY: the slot has room for both users there.
    return unsafe UnsafeMutablePointer(bitPattern: object &+ offset).unsafelyUnwrapped
  }
}
