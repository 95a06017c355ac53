internal import MemoryTypes

/// The one word that a free object holds: the address of the next free object of its slab, or 0.
///
/// A mangled link is crossed with a secret and with the place that it stands at, so that who writes
/// over it does not know where it will lead. Linux: `get_freepointer()`, `freelist_ptr_encode()`.
extension Ref where Object == SlabCore {
  /// The free object behind `object`; 0 behind the last.
  @inline(__always)
  func nextFree(after object: UInt) -> UInt {
    let place = object &+ pointee.geometry.linkOffset
    // SAFETY: the object belongs to the cache, and the offset lies inside its slot. Another
    // processor may have taken the object meanwhile; then what was read is not used.
    let link = unsafe UnsafePointer<UInt>(bitPattern: place).unsafelyUnwrapped.pointee
    return pointee.linkKey == 0 ? link : crossed(link, place)
  }

  @inline(__always)
  func setNextFree(after object: UInt, to next: UInt) {
    let place = object &+ pointee.geometry.linkOffset
    // SAFETY: the object is free, and nobody else's until it is in a list.
    let link = unsafe UnsafeMutablePointer<UInt>(bitPattern: place).unsafelyUnwrapped
    unsafe link.pointee = pointee.linkKey == 0 ? next : crossed(next, place)
  }

  private func crossed(_ link: UInt, _ place: UInt) -> UInt {
    link ^ pointee.linkKey ^ place.byteSwapped
  }
}
