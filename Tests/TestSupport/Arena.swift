public import MemoryTypes
public import Testing

/// Memory for objects under test, all of which ends with the arena.
///
/// An object freed before that is overwritten, so that who still reads it notices. What was never
/// freed counts as live: `expectNothingLive()` is the leak check.
public final class Arena {
  @safe
  private struct Block {
    let memory: UnsafeMutableRawPointer
    let byteCount: Int
    let end: () -> Void
  }

  private var blocks: [UInt: Block] = [:]

  public init() {}

  deinit {
    for block in blocks.values {
      block.end()
      unsafe block.memory.deallocate()
    }
  }

  /// How many objects and pieces of memory have not been freed.
  public var liveCount: Int { blocks.count }

  /// Puts `value` into memory of its own.
  public func make<Object: ~Copyable>(_ value: consuming Object) -> Ref<Object> {
    let pointer = UnsafeMutablePointer<Object>.allocate(capacity: 1)
    unsafe pointer.initialize(to: value)
    unsafe keep(UnsafeMutableRawPointer(pointer), MemoryLayout<Object>.stride) {
      unsafe pointer.deinitialize(count: 1)
    }
    return unsafe Ref(pointer)
  }

  /// Ends `object`, which this arena made, and its memory.
  public func free<Object: ~Copyable>(_ object: Ref<Object>) {
    guard let block = blocks.removeValue(forKey: object.address) else {
      Issue.record("an object was freed twice, or is not of this arena")
      return
    }
    block.end()
    unsafe block.memory.initializeMemory(as: UInt8.self, repeating: 0xDB, count: block.byteCount)
    unsafe block.memory.deallocate()
  }

  /// Memory filled with `byte`, on a boundary that is a power of two.
  public func memory(
    byteCount: Int, alignment: Int = 4096, filledWith byte: UInt8 = 0
  ) -> UnsafeMutableRawPointer {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: alignment)
    unsafe memory.initializeMemory(as: UInt8.self, repeating: byte, count: byteCount)
    unsafe keep(memory, byteCount) {}
    return unsafe memory
  }

  /// Memory for `count` words, each `word`.
  public func words(_ count: Int, each word: UInt = 0) -> UnsafeMutablePointer<UInt> {
    let bytes = max(1, count) * MemoryLayout<UInt>.stride
    let memory = unsafe memory(byteCount: bytes, alignment: MemoryLayout<UInt>.alignment)
    return unsafe memory.initializeMemory(as: UInt.self, repeating: word, count: count)
  }

  /// Records an issue if anything of the arena has not been freed.
  public func expectNothingLive(sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(liveCount == 0, "not everything was freed", sourceLocation: sourceLocation)
  }

  private func keep(
    _ memory: UnsafeMutableRawPointer, _ byteCount: Int, _ end: @escaping () -> Void
  ) {
    unsafe blocks[UInt(bitPattern: memory)] = Block(
      memory: memory, byteCount: byteCount, end: end)
  }
}
