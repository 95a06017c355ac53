internal import AddressSpaces
internal import KernelCore
internal import MemoryTypes
internal import Recordings

/// Address spaces whose image is not known: what the recording implies is taken over, and counted.
extension Replayer {
  /// Puts mappings where the recording has them. On a machine with larger pages than the recorded one
  /// has, calls work on the pages that they cover in full.
  ///
  /// - Returns: Whether the call is dealt with; others are replayed as usual.
  func learn(_ call: RecordedCall, _ task: ReplayedTask) -> Bool {
    switch call.name {
    case .mmap:
      guard call.result > 0 || call.result < -4095 else { return false }
      place(call, task.kernelTask)
    case .munmap where call.result == 0 && hasLargerPages: narrow(call, task.kernelTask)
    // Permissions of fewer bytes than a page, or of parts of the image not met yet, stay.
    case .mprotect where call.result == 0 && (hasLargerPages || hasHole(call, task.kernelTask)):
      break
    default: return false
    }
    report.adopted[call.name.text, default: 0] += 1
    return true
  }

  /// Makes the page at `address` accessible in every way.
  ///
  /// - Returns: Whether the kernel allows it.
  func adoptPage(at address: UInt64, _ task: Ref<Task>) -> Bool {
    let pageSize = computer.configuration.pageSize
    let page = pageSize.roundDown(VirtualAddress(UInt(truncatingIfNeeded: address)))
    let length = pageSize.bytes.rawValue
    let isMapped = task.pointee.space.pointee.vmas.vma(at: page) != nil
    report.adopted[isMapped ? "permission" : "page", default: 0] += 1
    do throws(Errno) {
      if isMapped {
        try computer.kernel.mprotect(
          task, address: page.rawValue, length: length, protection: Self.everyAccess)
      } else {
        try mapAnonymous(task, VirtualRange(page, count: pageSize.bytes))
      }
      return true
    } catch {
      return false
    }
  }

  private static var everyAccess: UInt {
    UInt(Protection.read.union(.write).union(.execute).rawValue)
  }

  private var hasLargerPages: Bool {
    UInt64(computer.configuration.pageSize.bytes.rawValue) > reader.header.pageSize ?? 4096
  }

  /// The recorded mapping at the recorded place; with larger pages what of it is still free.
  private func place(_ call: RecordedCall, _ task: Ref<Task>) {
    guard hasLargerPages else {
      var fixed = call
      fixed.arguments.a0 = UInt64(bitPattern: call.result)
      fixed.arguments.a3 |= UInt64(MapFlags.fixed.rawValue)
      _ = perform(fixed, task)
      return
    }
    let pageSize = computer.configuration.pageSize
    let start = VirtualAddress(UInt(truncatingIfNeeded: call.result))
    let last = start + ByteCount(UInt(truncatingIfNeeded: max(call.arguments.a1, 1) - 1))
    var page = pageSize.roundDown(start)
    while page <= last {
      if task.pointee.space.pointee.vmas.vma(at: page) == nil {
        try? mapAnonymous(task, VirtualRange(page, count: pageSize.bytes))
      }
      page = page + pageSize.bytes
    }
  }

  /// Whether some page of the call's range is not mapped.
  private func hasHole(_ call: RecordedCall, _ task: Ref<Task>) -> Bool {
    let end = call.arguments.a0 &+ call.arguments.a1
    var place = call.arguments.a0
    let vmas = task.pointee.space
    while place < end {
      let address = VirtualAddress(UInt(truncatingIfNeeded: place))
      guard let vma = vmas.pointee.vmas.vma(at: address) else { return true }
      place = UInt64(vma.pointee.end.rawValue)
    }
    return false
  }

  /// Unmaps the pages that lie in the range in full.
  private func narrow(_ call: RecordedCall, _ task: Ref<Task>) {
    let mask = UInt64(computer.configuration.pageSize.offsetMask)
    let start = (call.arguments.a0 &+ mask) & ~mask
    let end = (call.arguments.a0 &+ call.arguments.a1) & ~mask
    guard start < end else { return }
    try? computer.kernel.munmap(
      task, address: UInt(truncatingIfNeeded: start), length: UInt(truncatingIfNeeded: end - start))
  }

  private func mapAnonymous(_ task: Ref<Task>, _ range: VirtualRange) throws(Errno) {
    let flags: MapFlags = [.private, .anonymous, .fixed]
    _ = try computer.kernel.mmap(
      task, address: range.start.rawValue, length: range.count.rawValue,
      protection: Self.everyAccess, flags: UInt(flags.rawValue))
  }
}
