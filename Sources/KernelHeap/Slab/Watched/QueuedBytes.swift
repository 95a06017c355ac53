internal import MemoryTypes

/// What the queued design adds to a slot that is watched:
///
///     red zone, 8 bytes | object: poison while free | red zone, 8 bytes | last user, a word
///
/// Objects aligned to more than 8 bytes, and those of 4096 bytes and more that would need a larger
/// power of two, have neither red zones nor users. Linux: `__kmem_cache_create()`, mm/slab.c (6.1).
struct QueuedZones {
  /// The bytes of a red zone in front of the object; 0 for none.
  let left: UInt
  /// Where the users' word stands, counted from the object; 0 for none.
  let userOffset: UInt
  /// What object and surroundings take.
  let size: UInt

  init(_ request: SlabRequest) {
    let word = UInt(MemoryLayout<UInt>.size)
    let object = request.objectSize.rawValue
    var end = (object + word - 1) & ~(word - 1)
    let grown = object &- 1 &+ 8 &+ 16
    let isSmall =
      object < 4096 || (object &- 1).leadingZeroBitCount == grown.leadingZeroBitCount
    let hasRoom = isSmall && request.keptAlignment <= 8
    let isRedZoned = hasRoom && request.flags.contains(.redZoned)
    left = isRedZoned ? 8 : 0
    if isRedZoned { end = ((end + 7) & ~7) + 8 }
    let tracks = hasRoom && request.flags.contains(.tracksUsers)
    userOffset = tracks ? end : 0
    if tracks { end += word }
    size = left + end
  }
}

/// The bytes of one slot that tell whether anybody wrote where he must not.
struct QueuedBytes {
  /// Of red zones around objects that live. Linux: `RED_ACTIVE`.
  static var redInUse: UInt64 { 0xD841_56C5_6356_88C0 }
  /// Of red zones around free objects. Linux: `RED_INACTIVE`.
  static var redFree: UInt64 { 0x09F9_1102_9D74_E35B }

  let object: UInt
  let size: UInt
  let isRedZoned: Bool
  let isPoisoned: Bool
  private let userOffset: UInt

  init(_ object: UInt, _ core: Ref<SlabCore>) {
    let geometry = core.pointee.geometry
    self.object = object
    size = geometry.objectSize.rawValue
    isRedZoned = geometry.leftZone != 0
    isPoisoned = core.pointee.flags.isPoisoned
    userOffset = geometry.trackOffset
  }

  /// What stands in front of the object and behind it; two of `redInUse` or of `redFree`.
  var zones: (left: UInt64, right: UInt64) {
    get { unsafe (Self.word(object &- 8).pointee, Self.word(rightZone).pointee) }
    nonmutating set {
      unsafe Self.word(object &- 8).pointee = newValue.left
      unsafe Self.word(rightZone).pointee = newValue.right
    }
  }

  /// Who allocated or freed the object last; 0 for nobody that is known.
  var user: UInt {
    get { userOffset == 0 ? 0 : unsafe userWord.pointee }
    nonmutating set {
      if userOffset != 0 { unsafe userWord.pointee = newValue }
    }
  }

  /// Linux: `poison_obj()`.
  func poison() {
    guard isPoisoned else { return }
    WatchedBytes.fill(object, size &- 1, with: WatchedBytes.poison)
    WatchedBytes.fill(object &+ size &- 1, 1, with: WatchedBytes.poisonEnd)
  }

  /// The bytes of a free object that are not as it was left. Linux: `check_poison_obj()`.
  var damage: ClosedRange<UInt>? {
    guard isPoisoned else { return nil }
    let last = object &+ size &- 1
    let isEndWhole = WatchedBytes.byte(last) == WatchedBytes.poisonEnd
    let damage = WatchedBytes.differing(object, size &- 1, from: WatchedBytes.poison)
    guard !isEndWhole else { return damage }
    return (damage?.lowerBound ?? last)...last
  }

  private var rightZone: UInt { object &+ (size &+ 7) & ~7 }

  private var userWord: UnsafeMutablePointer<UInt> {
    // SAFETY: the slot has room for the word there.
    unsafe UnsafeMutablePointer(bitPattern: object &+ userOffset).unsafelyUnwrapped
  }

  private static func word(_ address: UInt) -> UnsafeMutablePointer<UInt64> {
    // SAFETY: a red zone of a slot is aligned to its size.
    unsafe UnsafeMutablePointer(bitPattern: address).unsafelyUnwrapped
  }
}

extension SlabFlags {
  /// Whether free objects hold a pattern: not where one may still be read.
  var isPoisoned: Bool { contains(.poisoned) && !contains(.typeSafeByRCU) }
}
