import Machine
import MemoryTypes
import PhysicalMemory
import TestSupport

/// What a plain reading of the allocator's contract makes of a history: who owns each frame.
///
/// It knows nothing of lists, orders or marks; where a block lies is the allocator's affair, but not
/// that it is aligned, whose zone and node it is in, that nobody else has a frame of it, and that
/// nobody wrote to its frames.
@safe
final class FrameModel {
  struct Block {
    let page: Ref<Page>
    let order: UInt8
    let stamp: UInt
  }

  private(set) var living: [Block] = []
  /// The number of frames that are owned.
  private(set) var owned: UInt = 0
  private var owners: [UInt]
  private let machine: Laboratory
  private let start: UInt
  private var stamps: UInt = 0

  init(_ machine: Laboratory) {
    self.machine = machine
    start = machine.pages.pointee.pages.start.rawValue
    owners = Array(repeating: 0, count: Int(machine.pages.pointee.pages.count.rawValue))
  }

  /// Notes a block that the allocator gave for such a request.
  func took(
    _ page: Ref<Page>, _ order: UInt8, _ flags: AllocationFlags, nodes: UInt64 = .max
  ) throws(Difference) {
    stamps += 1
    let frame = machine.frame(page)
    try requireEqual(frame & (1 << UInt(order) - 1), 0, "the alignment of frame \(frame)")
    let zone = machine.zone(of: page).pointee.kind
    try requireEqual(flags.admits(zone), true, "whether \(flags) may have \(zone)")
    let isAllowed = nodes >> UInt64(page.pointee.node) & 1 == 1
    try requireEqual(isAllowed, true, "whether node \(page.pointee.node) may serve")
    try requireEqual(page.pointee.references, 1, "references")
    for inside in frame..<frame + 1 << UInt(order) {
      try requireEqual(owners[Int(inside - start)], 0, "the owner of frame \(inside)")
      owners[Int(inside - start)] = stamps
      try stamp(inside, wasZeroed: flags.contains(.zeroed))
    }
    living.append(Block(page: page, order: order, stamp: stamps))
    owned += 1 << UInt(order)
  }

  /// Forgets a block, which the caller frees then.
  func removeBlock(at index: Int) throws(Difference) -> Block {
    let block = living[index]
    living.swapAt(index, living.count - 1)
    living.removeLast()
    let frame = machine.frame(block.page)
    for inside in frame..<frame + 1 << UInt(block.order) {
      try requireEqual(owners[Int(inside - start)], block.stamp, "the owner of frame \(inside)")
      let word = unsafe word(of: inside).pointee
      try requireEqual(word, block.stamp, "the contents of frame \(inside)")
      owners[Int(inside - start)] = 0
    }
    owned -= 1 << UInt(block.order)
    return block
  }

  private func stamp(_ frame: UInt, wasZeroed: Bool) throws(Difference) {
    let word = unsafe word(of: frame)
    if wasZeroed { try requireEqual(unsafe word.pointee, 0, "the first word of a zeroed frame") }
    unsafe word.pointee = stamps
  }

  private func word(of frame: UInt) -> UnsafeMutablePointer<UInt> {
    unsafe machine.pages.pointee.pointer(to: machine.page(frame))
      .assumingMemoryBound(to: UInt.self)
  }
}

extension AllocationFlags {
  /// Whether a request with these flags may be served from a zone, on a machine that has all.
  fileprivate func admits(_ zone: Zone.Kind) -> Bool {
    if contains(.dma) { return zone == .dma }
    if contains(.dma32) { return zone <= .dma32 }
    if contains([.highMemory, .movable]) { return true }
    return zone <= .normal
  }
}
