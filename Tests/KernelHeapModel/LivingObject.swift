/// An object that the heap handed out, and what was written into it.
@safe
struct LivingObject {
  /// Of which cache; nil for one of kmalloc.
  let cache: Int?
  let address: UInt
  /// In bytes; may be 0.
  let size: Int
  let mark: UInt8

  init(_ pointer: UnsafeMutableRawPointer, _ size: Int, mark: UInt8, cache: Int?) {
    self.cache = cache
    address = UInt(bitPattern: pointer)
    self.size = size
    self.mark = mark
  }

  var pointer: UnsafeMutableRawPointer { unsafe UnsafeMutableRawPointer(bitPattern: address)! }

  func fill() {
    // SAFETY: the object has as many bytes, and is the trial's alone.
    unsafe pointer.initializeMemory(as: UInt8.self, repeating: mark, count: size)
  }

  /// Throws unless all bytes are as they were written.
  func check() throws(HeapDisagreement) { try unsafe Self.check(pointer, size, mark) }

  /// Throws unless the first `count` bytes at `pointer` are `mark`.
  static func check(
    _ pointer: UnsafeMutableRawPointer, _ count: Int, _ mark: UInt8
  ) throws(HeapDisagreement) {
    for offset in 0..<count {
      let byte = unsafe pointer.load(fromByteOffset: offset, as: UInt8.self)
      guard byte == mark else {
        throw HeapDisagreement("byte \(offset) of \(count) is \(byte), not \(mark)")
      }
    }
  }
}

/// What the heap did otherwise than its contract says.
public struct HeapDisagreement: Error, CustomStringConvertible {
  public let description: String

  init(_ description: String) { self.description = description }
}
