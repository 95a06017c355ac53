internal import AddressSpaces
internal import KernelHeap
internal import Machine
public import MemoryTypes
internal import PhysicalMemory

/// The ranges of `process_madvise`, in the caller's memory.
extension Kernel {
  /// Advises the ranges that a vector of the caller's names.
  ///
  /// - Parameters:
  ///   - vector: Pairs of words: an address in `target`'s memory and a length.
  ///   - count: At most 1024.
  /// - Returns: As the other `processMadvise`.
  /// - Throws: `EFAULT` for a vector that cannot be read or a range beyond user space, `EINVAL` for a
  ///   negative length, `ENOMEM` for want of memory for a copy of more than eight ranges; else as the
  ///   other. All of that comes before the descriptor is looked at.
  ///
  /// Linux: `process_madvise`, mm/madvise.c; `import_iovec()`, lib/iov_iter.c.
  public mutating func processMadvise(
    _ task: Ref<Task>, target: AdvisedProcess, vector: UInt, count: UInt, advice: UInt, flags: UInt
  ) throws(Errno) -> UInt {
    guard flags == 0, count <= 1024 else { throw .EINVAL }
    // Eight ranges have room on the kernel's stack. Linux: `UIO_FASTIOV`.
    guard count > 8 else {
      var few = InlineArray<8, UserRange>(repeating: UserRange(address: 0, length: 0))
      var ranges = few.mutableSpan
      try load(task, vector, into: &ranges, Int(count))
      return try processMadvise(
        task, target: target, ranges: few.span.extracting(0..<Int(count)), advice: advice,
        flags: flags)
    }
    return try adviseMany(task, target, vector, Int(count), advice)
  }

  private mutating func adviseMany(
    _ task: Ref<Task>, _ target: AdvisedProcess, _ vector: UInt, _ count: Int, _ advice: UInt
  ) throws(Errno) -> UInt {
    let size = ByteCount(UInt(count * MemoryLayout<UserRange>.stride))
    let bytes: UnsafeMutableRawPointer
    do { unsafe bytes = try services.pointee.names.kmalloc(size, flags: .kernel) } catch {
      throw .ENOMEM
    }
    defer { unsafe services.pointee.names.kfree(bytes) }
    // SAFETY: as many elements as `size` has room for; freed when nobody uses the span any more.
    let ranges = unsafe bytes.bindMemory(to: UserRange.self, capacity: count)
    unsafe ranges.initialize(
      repeating: UserRange(address: 0, length: 0), count: count)
    var copy = unsafe MutableSpan(_unsafeStart: ranges, count: count)
    try load(task, vector, into: &copy, count)
    return try processMadvise(
      task, target: target, ranges: copy.span, advice: advice, flags: 0)
  }

  /// Reads ranges, and cuts them off where together they exceed what one call may ask for.
  ///
  /// Linux: `copy_iovec_from_user()`; `__import_iovec()` with `MAX_RW_COUNT`.
  private mutating func load(
    _ task: Ref<Task>, _ vector: UInt, into ranges: inout MutableSpan<UserRange>, _ count: Int
  ) throws(Errno) {
    for index in 0..<count {
      let place = vector &+ UInt(index) &* 2 &* wordSize
      let address = try loadWord(task, place)
      let length = try loadWord(task, place &+ wordSize)
      guard length <= longest else { throw .EINVAL }
      ranges[index] = UserRange(address: address, length: length)
    }
    let taskSize = settings.layout.taskSize.rawValue
    var left = UInt(Int32.max) & ~settings.layout.pageSize.offsetMask
    for index in 0..<count {
      let range = ranges[index]
      let asked = count == 1 ? min(range.length, left) : range.length
      guard range.address <= taskSize, asked <= taskSize - range.address else { throw .EFAULT }
      ranges[index].length = min(asked, left)
      left -= ranges[index].length
    }
  }

  /// The largest `ssize_t` of a program.
  private var longest: UInt { wordSize == 4 ? UInt(Int32.max) : UInt(Int.max) }
}
