internal import MemoryTypes
internal import PhysicalMemory

/// What the page of a frame of small blocks says. Linux: `slob_page_alloc()`, `slob_free()`.
struct SlobPage {
  let page: Ref<Page>
  /// Where its bytes are.
  let start: UInt
  let units: SlobUnits

  /// The first free block; of no meaning in a full page. Linux: `freelist`.
  var first: UInt {
    get { page.pointee.index }
    nonmutating set { page.pointee.index = newValue }
  }

  /// The units of all free blocks. Linux: `units`.
  var freeUnits: Int {
    get { Int(page.pointee.privateData) }
    nonmutating set { page.pointee.privateData = UInt(newValue) }
  }

  /// Makes all of the page one free block.
  func clear() {
    freeUnits = units.perPage
    first = start
    units.block(start).set(units.perPage, next: start &+ units.pageSize.bytes.rawValue)
  }

  /// Takes `length` units from the first block that has them with `offset` bytes behind their
  /// start on a multiple of `alignment`; nil when no block has. O(blocks).
  func take(_ length: Int, _ alignment: UInt, offset: UInt) -> UInt? {
    guard freeUnits >= length else { return nil }
    var before: UInt = 0
    var block = units.block(first)
    while true {
      let start = ((block.address &+ offset &+ alignment &- 1) & ~(alignment &- 1)) &- offset
      let shift = Int((start &- block.address) / units.size)
      if block.length >= length &+ shift {
        return take(length, from: block, behind: before, shift: shift)
      }
      if block.isLast { return nil }
      before = block.address
      block = units.block(block.next)
    }
  }

  /// Cuts the units out of a block, whose head and tail stay free.
  private func take(
    _ length: Int, from block: SlobBlock, behind before: UInt, shift: Int
  ) -> UInt {
    let address = block.address &+ UInt(shift) &* units.size
    let rest = block.length &- shift &- length
    var next = block.next
    if rest > 0 {
      let tail = units.block(address &+ UInt(length) &* units.size)
      tail.set(rest, next: next)
      next = tail.address
    }
    if shift > 0 {
      block.set(shift, next: next)
    } else if before != 0 {
      let previous = units.block(before)
      previous.set(previous.length, next: next)
    } else {
      first = next
    }
    freeUnits -= length
    return address
  }

  /// Puts units back into their place among the free blocks and joins them to their neighbours;
  /// false, with nothing done, when a part of them is free. O(blocks).
  func give(_ address: UInt, _ length: Int) -> Bool {
    let end = address &+ UInt(length) &* units.size
    guard freeUnits > 0 else {
      units.block(address).set(length, next: start &+ units.pageSize.bytes.rawValue)
      first = address
      freeUnits = length
      return true
    }
    var before: UInt = 0
    var next = first
    while next < address, units.page(of: next) == start {
      before = next
      next = units.block(next).next
    }
    if before != 0 && units.block(before).end > address { return false }
    let hasNext = units.page(of: next) == start
    if hasNext && next < end { return false }
    join(address, length, before, next, joinsNext: hasNext && next == end)
    freeUnits += length
    return true
  }

  private func join(
    _ address: UInt, _ length: Int, _ before: UInt, _ next: UInt, joinsNext: Bool
  ) {
    var length = length
    var next = next
    if joinsNext {
      length += units.block(next).length
      next = units.block(next).next
    }
    guard before != 0 else {
      units.block(address).set(length, next: next)
      first = address
      return
    }
    let previous = units.block(before)
    if previous.end == address {
      previous.set(previous.length &+ length, next: next)
    } else {
      units.block(address).set(length, next: next)
      previous.set(previous.length, next: address)
    }
  }
}
