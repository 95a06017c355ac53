internal import MemoryTypes
internal import PhysicalMemory

/// A search: how much, in bits, and whether pages without frames are of use.
struct PerCPURequest {
  let bits: Int
  let alignment: Int
  let populatedOnly: Bool
  let fromReserved: Bool
}

/// An area in the making.
private struct FoundArea {
  let chunk: Ref<PerCPUChunk>
  let bits: Range<Int>
}

extension Ref where Object == PerCPUCore {
  /// Linux: `pcpu_alloc()`.
  func allocate(
    _ size: ByteCount, _ alignment: ByteCount, _ flags: AllocationFlags, fromReserved: Bool
  ) throws(AllocationError) -> PerCPUAddress {
    let layout = pointee.layout
    let step = max(alignment.rawValue, UInt(PerCPUUnits.bytes))
    guard size.rawValue > 0, size <= PerCPULayout.minimumUnitSize, step & (step - 1) == 0,
      step <= layout.pageSize.bytes.rawValue, !pointee.faults.shouldFail()
    else { throw .outOfMemory }
    let mayWait = flags.contains(.directReclaim)
    let request = PerCPURequest(
      bits: (Int(size.rawValue) + PerCPUUnits.bytes - 1) / PerCPUUnits.bytes,
      alignment: Int(step) / PerCPUUnits.bytes, populatedOnly: !mayWait,
      fromReserved: fromReserved)
    guard let found = mayWait ? takePatiently(request) : take(request) else { throw .outOfMemory }
    return hand(found)
  }

  /// The growth lock comes first, so that nobody takes away pages that an area is to stand in.
  private func takePatiently(_ request: PerCPURequest) -> FoundArea? {
    pointee.growth.withLock { _ -> FoundArea? in
      var found = take(request)
      if found == nil, !request.fromReserved, let chunk = makeChunk(.kernel) {
        publish(chunk)
        found = take(request)
      }
      guard let found else { return nil }
      guard populate(found.chunk, found.chunk.pointee.pages(of: found.bits)) else {
        _ = giveBack(found.chunk, found.bits.lowerBound)
        return nil
      }
      return found
    }
  }

  private func take(_ request: PerCPURequest) -> FoundArea? {
    pointee.slots.withLock { slots -> FoundArea? in
      guard let found = take(request, &slots) else {
        slots.wantsBalance = true
        return nil
      }
      slots.statistics.noteAllocated(UInt(found.bits.count * PerCPUUnits.bytes))
      if slots.emptyPopulatedCount < PerCPUBalance.low { slots.wantsBalance = true }
      return found
    }
  }

  private func take(_ request: PerCPURequest, _ slots: inout PerCPUSlots) -> FoundArea? {
    if request.fromReserved {
      guard let chunk = slots.reserved else { return nil }
      return take(request, from: chunk, &slots)
    }
    for slot in pointee.slot(ofSize: request.bits * PerCPUUnits.bytes)...pointee.freeSlot {
      var next = slots.lists[slot].first
      while let chunk = next {
        next = slots.lists[slot].next(after: chunk)
        if let found = take(request, from: chunk, &slots) { return found }
        // Too cut up to be asked again for every small area. Linux: `PCPU_SLOT_FAIL_THRESHOLD`.
        if slot < 3 && !request.populatedOnly { slots.relocate(chunk, to: 0) }
      }
    }
    return nil
  }

  private func take(
    _ request: PerCPURequest, from chunk: Ref<PerCPUChunk>, _ slots: inout PerCPUSlots
  ) -> FoundArea? {
    guard
      let start = chunk.findFit(
        of: request.bits, alignedTo: request.alignment, populatedOnly: request.populatedOnly)
    else { return nil }
    let bit = slots.change(chunk) {
      $0.takeArea(of: request.bits, alignedTo: request.alignment, from: start)
    }
    guard let bit else { return nil }
    reintegrate(chunk, &slots)
    slots.relocate(chunk, to: pointee.slot(of: chunk))
    return FoundArea(chunk: chunk, bits: bit..<bit + request.bits)
  }

  /// Clears the area for every processor.
  private func hand(_ found: FoundArea) -> PerCPUAddress {
    let address =
      found.chunk.pointee.base &+ UInt(found.bits.lowerBound * PerCPUUnits.bytes)
    for processor in 0..<pointee.layout.processors {
      let place = address &+ pointee.layout.unitOffset(of: processor)
      // SAFETY: the area has frames for each processor and is the caller's alone.
      unsafe UnsafeMutableRawPointer(bitPattern: place).unsafelyUnwrapped
        .initializeMemory(
          as: UInt8.self, repeating: 0, count: found.bits.count * PerCPUUnits.bytes)
    }
    return PerCPUAddress(rawValue: address)
  }

  /// Linux: `free_percpu()`.
  func free(_ address: UInt) {
    let isGiven = pointee.slots.withLock { slots -> Bool in
      guard let chunk = slots.chunk(at: address), let bit = chunk.pointee.bit(at: address),
        (address &- chunk.pointee.base) % UInt(PerCPUUnits.bytes) == 0
      else { return false }
      return give(chunk, bit, &slots)
    }
    guard isGiven else { PerCPUMisuse.trapForeign() }
  }

  private func giveBack(_ chunk: Ref<PerCPUChunk>, _ bit: Int) -> Bool {
    pointee.slots.withLock { give(chunk, bit, &$0) }
  }

  private func give(
    _ chunk: Ref<PerCPUChunk>, _ bit: Int, _ slots: inout PerCPUSlots
  ) -> Bool {
    guard slots.change(chunk, { $0.giveArea(at: bit) }) != nil else { return false }
    slots.statistics.noteFreed()
    slots.relocate(chunk, to: pointee.slot(of: chunk))
    noteFreed(in: chunk, &slots)
    return true
  }

  func size(of address: UInt) -> ByteCount {
    let bits = pointee.slots.withLock { slots -> Int? in
      guard let chunk = slots.chunk(at: address), let bit = chunk.pointee.bit(at: address) else {
        return nil
      }
      return chunk.area(at: bit)?.count
    }
    guard let bits else { PerCPUMisuse.trapForeign() }
    return ByteCount(UInt(bits * PerCPUUnits.bytes))
  }
}

enum PerCPUMisuse {
  @inline(never)
  static func trapForeign() -> Never {
    fatalError("freed or measured a per-CPU address that was not allocated")
  }
}
