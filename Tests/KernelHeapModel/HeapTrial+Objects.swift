import KernelHeap
import MemoryTypes
import PhysicalMemory

/// Objects that come and go.
extension HeapTrial {
  func take() throws(HeapDisagreement) {
    if draw(below: 3) == 0 {
      try takeOfCache(Int(draw(below: 100)))
    } else {
      try takeOfKmalloc()
    }
  }

  /// Mostly of the small ones.
  private func takeOfCache(_ number: Int) throws(HeapDisagreement) {
    let cache = number < 50 ? 0 : number < 75 ? 1 : number < 98 ? 2 : 3
    let isCleared = draw(below: 4) == 0
    let flags: AllocationFlags = isCleared ? [.noWait, .zeroed] : .noWait
    guard let pointer = unsafe try? caches[cache].allocate(flags: flags) else { return refuse() }
    let size = Int(Self.requests[cache].objectSize.rawValue)
    try unsafe keep(pointer, size, isCleared: isCleared, cache: cache)
  }

  private func takeOfKmalloc() throws(HeapDisagreement) {
    let size = drawSize()
    let isCleared = draw(below: 4) == 0
    guard let pointer = unsafe try? heap.kmalloc(ByteCount(UInt(size)), flags: flags(isCleared))
    else { return refuse() }
    guard unsafe size == 0 || heap.ksize(pointer) >= ByteCount(UInt(size)) else {
      throw HeapDisagreement("\(size) bytes have room for \(unsafe heap.ksize(pointer))")
    }
    try unsafe keep(pointer, size, isCleared: isCleared, cache: nil)
  }

  private func keep(
    _ pointer: UnsafeMutableRawPointer, _ size: Int, isCleared: Bool, cache: Int?
  ) throws(HeapDisagreement) {
    if isCleared { try unsafe LivingObject.check(pointer, size, 0) }
    let object = unsafe LivingObject(pointer, size, mark: nextMark(), cache: cache)
    object.fill()
    unsafe heap.checkInvariants(of: pointer)
    living.append(object)
  }

  func give(_ object: LivingObject) throws(HeapDisagreement) {
    try object.check()
    if let cache = object.cache {
      unsafe caches[cache].free(object.pointer)
    } else {
      unsafe heap.kfree(object.pointer)
    }
    unsafe heap.checkInvariants(of: object.pointer)
  }

  /// What krealloc keeps: the bytes that fit, and everything where it fails.
  func resize() throws(HeapDisagreement) {
    guard let place = drawLiving(), living[place].cache == nil else { return }
    let old = living[place]
    let size = drawSize()
    guard
      let pointer = unsafe try? heap.krealloc(old.pointer, ByteCount(UInt(size)), flags: .noWait)
    else {
      try old.check()
      return refuse()
    }
    try unsafe LivingObject.check(pointer, min(size, old.size), old.mark)
    let new = unsafe LivingObject(pointer, size, mark: nextMark(), cache: nil)
    new.fill()
    unsafe heap.checkInvariants(of: pointer)
    living[place] = new
  }

  /// Small ones mostly; now and then nothing, or whole frames.
  private func drawSize() -> Int {
    switch draw(below: 200) {
    case 0: 0
    case 1..<4: Int(draw(below: 20_000))
    case 4..<40: Int(draw(below: 2000)) + 1
    default: Int(draw(below: 256)) + 1
    }
  }

  private func flags(_ isCleared: Bool) -> AllocationFlags {
    var flags: AllocationFlags = .noWait
    if isCleared { flags.insert(.zeroed) }
    switch draw(below: 20) {
    case 0: flags.insert(.dma)
    case 1: flags.insert(.reclaimable)
    case 2: flags.insert(.accounted)
    default: break
    }
    return flags
  }
}
