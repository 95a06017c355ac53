public import MemoryTypes
internal import Synchronization

/// The migrate type of each pageblock, one byte per block. Linux: `pageblock_flags`.
///
/// A pageblock is 2^`order` frames, aligned to its size. Types are written under the lock of the
/// block's zone and read without one: a reader acts on what was true a moment ago.
@safe
public struct PageblockMap: @unchecked Sendable {
  private let types: UnsafeMutablePointer<Atomic<UInt8>>
  /// The blocks of `order` before the first one.
  private let skipped: UInt
  /// How many blocks there are.
  public let count: Int
  /// The size of a block. Linux: `pageblock_order`.
  public let order: Order

  /// Blocks over `frames`, all movable, whose bytes stand at `bytes`.
  ///
  /// `bytes` has room for `count(for:order:)` and lives as long as the map.
  @unsafe
  init(_ bytes: UnsafeMutableRawPointer, over frames: FrameRange, order: Order) {
    let count = Self.count(for: frames, order: order)
    unsafe types = bytes.bindMemory(to: Atomic<UInt8>.self, capacity: count)
    skipped = frames.start.rawValue &>> UInt(order.rawValue)
    self.count = count
    self.order = order
    for index in 0..<count {
      unsafe (types + index).initialize(to: Atomic(MigrateType.movable.rawValue))
    }
  }

  /// How many blocks of `order` the frames touch.
  static func count(for frames: FrameRange, order: Order) -> Int {
    guard frames.start < frames.end else { return 0 }
    let shift = UInt(order.rawValue)
    return Int((frames.end.rawValue &- 1) >> shift &- frames.start.rawValue >> shift &+ 1)
  }

  /// The type of the block that holds `frame`. Linux: `get_pfnblock_migratetype()`.
  @inline(__always)
  public subscript(frame: PageFrameNumber) -> MigrateType {
    get {
      precondition(contains(frame), "no such pageblock")
      return type(ofKnown: frame)
    }
    nonmutating set {
      precondition(contains(frame), "no such pageblock")
      let type = unsafe types + Int(bitPattern: index(of: frame))
      unsafe type.pointee.store(newValue.rawValue, ordering: .relaxed)
    }
  }

  /// The same for a frame that has a descriptor for sure.
  @inline(__always)
  func type(ofKnown frame: PageFrameNumber) -> MigrateType {
    entry(of: frame).now
  }

  /// Where the type of such a frame's block stands, for who asks later.
  @inline(__always)
  func entry(of frame: PageFrameNumber) -> PageblockType {
    assert(contains(frame), "no such pageblock")
    return unsafe PageblockType(types + Int(bitPattern: index(of: frame)))
  }

  /// The frames of the block that holds `frame`, whether or not they are memory.
  @inline(__always)
  public func block(of frame: PageFrameNumber) -> FrameRange {
    let first = PageFrameNumber(frame.rawValue & ~(order.pageCount.rawValue &- 1))
    return FrameRange(first, first + order.pageCount)
  }

  @inline(__always)
  private func contains(_ frame: PageFrameNumber) -> Bool {
    index(of: frame) < UInt(bitPattern: count)
  }

  @inline(__always)
  private func index(of frame: PageFrameNumber) -> UInt {
    frame.rawValue &>> UInt(order.rawValue) &- skipped
  }
}

/// The place where the migrate type of one pageblock stands.
@safe
struct PageblockType {
  private let place: UnsafeMutablePointer<Atomic<UInt8>>

  @unsafe @inline(__always)
  fileprivate init(_ place: UnsafeMutablePointer<Atomic<UInt8>>) { unsafe self.place = place }

  /// The type that it has now.
  @inline(__always)
  var now: MigrateType {
    // SAFETY: only raw values of the type are ever stored.
    unsafe unsafeBitCast(place.pointee.load(ordering: .relaxed), to: MigrateType.self)
  }
}
