public import AddressSpaces
public import Machine
public import MemoryTypes

/// The descriptor argument of `mmap`, looked up.
public enum OpenFile: Sendable {
  /// Not open: `EBADF` unless the mapping is anonymous.
  case none
  /// The file, what the descriptor allows, and which opening of the file it is.
  case file(Ref<MappedFile>, MapRequest.FileAccess, opening: UInt32 = 0)
}

/// The system calls on mappings, with the register values a program passes.
///
/// Each takes the address space's `mmapLock` exclusively. Arguments that do not fit their flag words are
/// cut as the kernel cuts them.
extension Kernel {
  /// Linux: `ksys_mmap_pgoff()`, mm/mmap.c.
  public mutating func mmap(
    _ task: Ref<Task>, address: UInt, length: UInt, protection: UInt, flags: UInt,
    file: OpenFile = .none, offset: UInt64 = 0
  ) throws(Errno) -> UInt {
    let mapFlags = MapFlags(rawValue: UInt32(truncatingIfNeeded: flags))
    guard offset & UInt64(settings.layout.pageSize.offsetMask) == 0 else { throw .EINVAL }
    var request = MapRequest(
      address: VirtualAddress(address), length: ByteCount(length),
      protection: Protection(rawValue: UInt32(truncatingIfNeeded: protection)), flags: mapFlags,
      offset: offset)
    if !mapFlags.contains(.anonymous) {
      guard case .file(let mapped, let access, let opening) = file else { throw .EBADF }
      request.file = mapped
      request.opening = opening
      request.access = access
    }
    let space = task.pointee.space
    let start = try inSpace(space) { space throws(MapError) in try space.mmap(request) }
    // What comes back from beyond all mappings is an error number.
    if start < settings.layout.taskSize {
      populate(space, VirtualRange(start, count: ByteCount(length)), mapFlags)
    }
    return start.rawValue
  }

  /// Linux: `vm_munmap()`, mm/mmap.c.
  public mutating func munmap(_ task: Ref<Task>, address: UInt, length: UInt) throws(Errno) {
    try inSpace(task.pointee.space) { space throws(MapError) in
      try space.munmap(VirtualAddress(address), ByteCount(length))
    }
  }

  /// Linux: `mprotect`, mm/mprotect.c.
  public mutating func mprotect(
    _ task: Ref<Task>, address: UInt, length: UInt, protection: UInt
  ) throws(Errno) {
    // Bits above the flag word are unknown protection bits as well.
    let bits = Protection(
      rawValue: UInt32(exactly: protection) ?? UInt32(truncatingIfNeeded: protection) | 1 << 31)
    try inSpace(task.pointee.space) { space throws(MapError) in
      try space.mprotect(VirtualAddress(address), ByteCount(length), bits)
    }
  }

  /// The break in force afterwards; the call knows no error. Linux: `brk`, mm/mmap.c.
  public mutating func brk(_ task: Ref<Task>, _ wanted: UInt) -> UInt {
    let space = task.pointee.space
    space.pointee.mmapLock.lock()
    defer { space.pointee.mmapLock.unlock() }
    // The page that the old break stands in is not new.
    let old = settings.layout.pageSize.roundUp(space.pointee.programBreak)
    let new = space.pointee.brk(VirtualAddress(wanted))
    flush(space)
    if new > old, space.pointee.defaultFlags.contains(.locked) {
      space.pointee.populate(VirtualRange(old, new))
      flush(space)
    }
    return new.rawValue
  }

  /// Linux: `mremap`, mm/mremap.c.
  public mutating func mremap(
    _ task: Ref<Task>, address: UInt, oldLength: UInt, newLength: UInt, flags: UInt,
    newAddress: UInt
  ) throws(Errno) -> UInt {
    let bits = UInt32(exactly: flags).map { RemapFlags(rawValue: $0) }
    guard let bits else { throw .EINVAL }
    return try inSpace(task.pointee.space) { space throws(MapError) in
      try space.mremap(
        VirtualAddress(address), oldLength: ByteCount(oldLength), newLength: ByteCount(newLength),
        bits, newAddress: VirtualAddress(newAddress)
      ).rawValue
    }
  }

  /// Serves a page fault that user code took.
  ///
  /// - Throws: `FaultError`: the signal the program gets.
  ///
  /// Linux: `exc_page_fault()`, arch/x86/mm/fault.c; `do_page_fault()`, arch/arm64/mm/fault.c.
  public mutating func pageFault(
    _ task: Ref<Task>, at address: VirtualAddress, _ access: MemoryAccess
  ) throws(FaultError) {
    let space = task.pointee.space
    space.pointee.mmapLock.lock()
    defer { space.pointee.mmapLock.unlock() }
    do throws(FaultError) {
      try space.pointee.handleFault(at: settings.layout.untagged(address), access)
    } catch {
      flush(space)
      throw error
    }
    flush(space)
    hardware.publishTables()
  }

  /// Runs `body` on a locked address space, then flushes what it made stale, success or not.
  mutating func inSpace<Result>(
    _ space: Ref<AddressSpace>, _ body: (inout AddressSpace) throws(MapError) -> Result
  ) throws(Errno) -> Result {
    space.pointee.mmapLock.lock()
    defer {
      flush(space)
      space.pointee.mmapLock.unlock()
    }
    do throws(MapError) {
      return try body(&space.pointee)
    } catch {
      throw Errno(error)
    }
  }

  /// `MAP_POPULATE`, and locked mappings: the pages come now, and failing to is no error.
  private func populate(_ space: Ref<AddressSpace>, _ range: VirtualRange, _ flags: MapFlags) {
    space.pointee.mmapLock.lock()
    defer { space.pointee.mmapLock.unlock() }
    let wantsPages = flags.intersection([.populate, .nonblock]) == .populate
    let isLocked = space.pointee.vmas.vma(at: range.start)?.pointee.flags.contains(.locked) ?? false
    guard wantsPages || isLocked else { return }
    space.pointee.populate(range)
    flush(space)
  }
}
