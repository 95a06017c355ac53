/// A counted-by-nobody reference to an object that lives in managed memory.
///
/// Kernel objects are made of frames, not of the Swift heap, so what names them is an address.
/// `Ref` is the one place where such an address is dereferenced: it has the size of a pointer, is
/// never null (use `Ref?` for "none", which costs nothing), and does no retain or release.
///
/// Whoever frees the object ends every `Ref` to it; the owner of the object says when.
@safe @frozen
public struct Ref<Object: ~Copyable>: Equatable, Hashable, @unchecked Sendable {
  /// The object's address, aligned for `Object`.
  public let pointer: UnsafeMutablePointer<Object>

  /// Wraps the address of an initialised object.
  @unsafe @inlinable @inline(__always)
  public init(_ pointer: UnsafeMutablePointer<Object>) {
    unsafe self.pointer = pointer
  }

  /// The object itself, read and written in place.
  @inlinable
  public var pointee: Object {
    // SAFETY: the owner keeps the object alive while it hands out references to it.
    @inline(__always) unsafeAddress { unsafe UnsafePointer(pointer) }
    @inline(__always) nonmutating unsafeMutableAddress { unsafe pointer }
  }

  /// The same address as an integer, for alignment checks and for arithmetic on frames.
  @inlinable @inline(__always)
  public var address: UInt { unsafe UInt(bitPattern: pointer) }

  @inlinable @inline(__always)
  public static func == (left: Ref, right: Ref) -> Bool { left.address == right.address }

  @inlinable
  public func hash(into hasher: inout Hasher) { hasher.combine(address) }
}
