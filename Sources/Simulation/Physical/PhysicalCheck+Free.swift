internal import MemoryTypes
internal import PhysicalMemory
internal import Recordings

extension PhysicalCheck {
  func free(_ frame: UInt64, _ rawOrder: UInt8, at place: Int) {
    guard let machine, machine.holds(frame, rawOrder) else {
      report.unsupported["blocks of no zone", default: 0] += 1
      return
    }
    let order = Order(rawOrder)
    let number = PageFrameNumber(UInt(frame))
    segment.frees += 1
    // Blocks from before the snapshot have orders that nobody knows; others were split since.
    if !machine.pages.pointee.isOwned(number, order) { take(frame, order) }
    guard machine.pages.pointee.isOwned(number, order) else { return }
    Self.setLRU(false, machine.pages, number, order)
    let page = machine.pages.pointee.page(of: number)
    if place < interrupt.end && interrupt.isLocked {
      segment.pastLists += 1
      machine.pages.pointee.freePagesToZone(page, order: order)
    } else {
      machine.pages.pointee.freePages(page, order: order)
    }
    pending.followsFree = true
  }
}
