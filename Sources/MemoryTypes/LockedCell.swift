/// Memory for one value inside a lock that is only ever borrowed.
///
/// The layout is raw so that the compiler assumes nothing about the bytes behind a borrow, and the
/// value stays at one address. Embedded Swift lacks the `_Cell` that `Mutex` uses for this, and
/// must see the deinit wherever a value with a lock in it is destroyed: hence `@inlinable`.
@_rawLayout(like: Value) @usableFromInline
struct LockedCell<Value: ~Copyable>: ~Copyable {
  @inline(__always)
  init(_ value: consuming Value) {
    unsafe address.initialize(to: value)
  }

  @inlinable @inline(__always)
  deinit {
    unsafe address.deinitialize(count: 1)
  }

  /// Where the value lies. Valid while the cell is borrowed.
  @inlinable @inline(__always)
  var address: UnsafeMutablePointer<Value> {
    unsafe withUnsafePointer(to: self) { cell in
      // SAFETY: a type of raw layout lives in memory, never in registers, so this is its place.
      unsafe UnsafeMutableRawPointer(mutating: cell).assumingMemoryBound(to: Value.self)
    }
  }
}
