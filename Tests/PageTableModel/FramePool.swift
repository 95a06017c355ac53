public import Machine
public import MemoryTypes
public import PageTables

/// A source of table frames that knows which are out, and fails when told to.
@safe
public final class FramePool {
  public let directMap: DirectMap
  public var plan = FaultPlan.none
  /// What was freed and allocated wrongly.
  public private(set) var mistakes = 0
  private var free: [PageFrameNumber]
  private var isOut: [Bool]
  private let memory: UnsafeMutableRawPointer

  public init(pageSize: PageSize, count: UInt) {
    let bytes = count << UInt(pageSize.shift)
    let alignment = Int(bitPattern: pageSize.bytes.rawValue)
    unsafe memory = UnsafeMutableRawPointer.allocate(byteCount: Int(bytes), alignment: alignment)
    directMap = unsafe DirectMap(
      base: memory, start: PhysicalAddress(0x4000_0000), count: ByteCount(bytes),
      pageSize: pageSize)
    let first = directMap.frames.start
    free = (0..<count).reversed().map { first + PageCount($0) }
    isOut = Array(repeating: false, count: Int(count))
  }

  deinit { unsafe memory.deallocate() }

  /// How many frames are out.
  public var liveCount: Int { isOut.count - free.count }

  func allocate() throws(AllocationError) -> PageFrameNumber {
    guard !plan.shouldFail(), let frame = free.popLast() else { throw .outOfMemory }
    isOut[index(frame)] = true
    fill(frame, with: 0)
    return frame
  }

  /// Who still reads the frame finds garbage.
  func release(_ frame: PageFrameNumber) {
    if !isOut[index(frame)] { mistakes += 1 }
    isOut[index(frame)] = false
    fill(frame, with: 0xDB)
    free.append(frame)
  }

  private func index(_ frame: PageFrameNumber) -> Int {
    Int((frame - directMap.frames.start).rawValue)
  }

  private func fill(_ frame: PageFrameNumber, with byte: UInt8) {
    let bytes = Int(bitPattern: directMap.pageSize.bytes.rawValue)
    unsafe directMap.pointer(to: frame).initializeMemory(
      as: UInt8.self, repeating: byte, count: bytes)
  }
}

/// A copyable handle to a `FramePool`.
public struct PooledFrames: TableFrameSource {
  public let pool: FramePool

  public init(_ pool: FramePool) { self.pool = pool }

  public var directMap: DirectMap { pool.directMap }
  public func allocateTableFrame() throws(AllocationError) -> PageFrameNumber {
    try pool.allocate()
  }
  public func freeTableFrame(_ frame: PageFrameNumber) { pool.release(frame) }
}
