internal import MemoryTypes

/// A free block of a page, by what stands in it.
///
/// It is a row of units, of two bytes where a page has few enough of them. The first unit has the
/// length and the second the place of the next free block in the page, both in units; a block of
/// one unit has the place only, negated. The last block's next is at the end of the page.
/// Linux: `slob_t`, `set_slob()`, mm/slob.c (6.1).
struct SlobBlock {
  let address: UInt
  let units: SlobUnits

  /// How many units it has, 1 or more.
  var length: Int {
    let first = units.load(address)
    return first > 0 ? first : 1
  }

  /// The block behind it in the page's list; at the start of the next page for the last.
  var next: UInt {
    let first = units.load(address)
    let place = first > 0 ? units.load(address &+ units.size) : 0 &- first
    return units.page(of: address) &+ UInt(place) &* units.size
  }

  /// Whether no other is behind it.
  var isLast: Bool { units.page(of: next) != units.page(of: address) }

  func set(_ length: Int, next: UInt) {
    let place = Int((next &- units.page(of: address)) / units.size)
    if length > 1 {
      units.store(length, address)
      units.store(place, address &+ units.size)
    } else {
      units.store(0 &- place, address)
    }
  }

  /// Where it ends.
  var end: UInt { address &+ UInt(length) &* units.size }
}

/// What memory is counted in.
struct SlobUnits {
  /// In bytes: 2, or 4 where two bytes cannot count the units of a page.
  let size: UInt
  let pageSize: PageSize

  init(_ pageSize: PageSize) {
    self.pageSize = pageSize
    size = pageSize.bytes.rawValue <= 32767 * 2 ? 2 : 4
  }

  var perPage: Int { Int(pageSize.bytes.rawValue / size) }

  /// The units that so many bytes take. Linux: `SLOB_UNITS()`.
  func count(_ bytes: UInt) -> Int { Int((bytes + size - 1) / size) }

  func page(of address: UInt) -> UInt { address & ~pageSize.offsetMask }

  func block(_ address: UInt) -> SlobBlock { SlobBlock(address: address, units: self) }

  fileprivate func load(_ address: UInt) -> Int {
    // SAFETY: a unit of a free block of a page of the heap.
    let place = unsafe UnsafeRawPointer(bitPattern: address).unsafelyUnwrapped
    return size == 2
      ? Int(unsafe place.load(as: Int16.self)) : Int(unsafe place.load(as: Int32.self))
  }

  fileprivate func store(_ value: Int, _ address: UInt) {
    // SAFETY: as above.
    let place = unsafe UnsafeMutableRawPointer(bitPattern: address).unsafelyUnwrapped
    if size == 2 {
      unsafe place.storeBytes(of: Int16(truncatingIfNeeded: value), as: Int16.self)
    } else {
      unsafe place.storeBytes(of: Int32(truncatingIfNeeded: value), as: Int32.self)
    }
  }
}
