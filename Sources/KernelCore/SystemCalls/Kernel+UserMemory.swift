internal import AddressSpaces
internal import Machine
internal import MemoryTypes

/// What a program passes by pointer, read from its memory; pages come by faults, which count.
extension Kernel {
  /// A byte of a program's memory.
  ///
  /// - Throws: `EFAULT` where the program could not read it either.
  ///
  /// Linux: `copy_from_user()`, `get_user()`.
  mutating func load(_ task: Ref<Task>, _ address: UInt) throws(Errno) -> UInt8 {
    let place = VirtualAddress(address)
    guard place < settings.layout.taskSize else { throw .EFAULT }
    let space = task.pointee.space
    space.pointee.mmapLock.lock()
    defer {
      flush(space)
      space.pointee.mmapLock.unlock()
    }
    do throws(FaultError) { return try space.pointee.load(at: place) } catch { throw .EFAULT }
  }

  /// A machine word, lowest byte first; 4 bytes on i386, else 8.
  mutating func loadWord(_ task: Ref<Task>, _ address: UInt) throws(Errno) -> UInt {
    var word: UInt64 = 0
    for index in 0..<wordSize {
      word |= UInt64(try load(task, address &+ index)) << UInt64(8 * index)
    }
    return UInt(truncatingIfNeeded: word)
  }

  /// The bytes of a program's `long`.
  var wordSize: UInt { settings.layout.architecture == .i386 ? 4 : 8 }
}
