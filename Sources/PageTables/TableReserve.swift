internal import Machine
internal import MemoryTypes
internal import PhysicalMemory

/// Frames for tables, taken before the first entry is written, so that an operation that gets too
/// few of them has changed nothing.
///
/// A chain through the first words of the frames; used in the order they were taken, the order in
/// which Linux would allocate them. Must end empty: by `take` or `release`.
struct TableReserve {
  private var first: PageFrameNumber?
  private var last: PageFrameNumber?
  private(set) var count: UInt = 0

  /// Takes `count` frames; none if there are fewer.
  init(_ count: UInt, from frames: some TableFrameSource) throws(AllocationError) {
    while self.count < count {
      do {
        append(try frames.allocateTableFrame(), in: frames.directMap)
      } catch {
        release(to: frames)
        throw error
      }
    }
  }

  private mutating func append(_ frame: PageFrameNumber, in memory: DirectMap) {
    // The number of a frame plus 1: 0 is the end, as a cleared frame has it.
    if let last {
      unsafe memory.pointer(to: last).storeBytes(of: frame.rawValue &+ 1, as: UInt.self)
    } else {
      first = frame
    }
    last = frame
    count &+= 1
  }

  /// The next frame, filled with 0. There must be one.
  mutating func take(in memory: DirectMap) -> PageFrameNumber {
    guard let frame = first else { preconditionFailure("fewer tables were foreseen than needed") }
    let link = unsafe memory.pointer(to: frame)
    let next = unsafe link.load(as: UInt.self)
    unsafe link.storeBytes(of: 0, as: UInt.self)
    first = next == 0 ? nil : PageFrameNumber(next &- 1)
    if first == nil { last = nil }
    count &-= 1
    return frame
  }

  /// Gives back what was not used.
  mutating func release(to frames: some TableFrameSource) {
    while first != nil { frames.freeTableFrame(take(in: frames.directMap)) }
  }
}
