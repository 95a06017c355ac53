public import MemoryTypes

extension MMU {
  /// The value of 1 to 16 bytes at `address`, little-endian, aligned or not.
  ///
  /// An access across a page border translates both pages first, so a fault in the second leaves
  /// no trace but accessed bits.
  public mutating func load<Value: FixedWidthInteger & BitwiseCopyable>(
    _ address: VirtualAddress, as type: Value.Type, _ privilege: Privilege
  ) throws(MMUFault) -> Value {
    let pieces = try locate(address, MemoryLayout<Value>.size, .read, privilege)
    var value: Value = 0
    unsafe withUnsafeMutableBytes(of: &value) { bytes in
      // SAFETY: `locate` found both runs in RAM; they sum to the size of the value.
      let target = unsafe bytes.baseAddress.unsafelyUnwrapped
      unsafe target.copyMemory(
        from: memory.pointer(to: pieces.first), byteCount: pieces.firstCount)
      guard pieces.secondCount > 0 else { return }
      unsafe (target + pieces.firstCount).copyMemory(
        from: memory.pointer(to: pieces.second), byteCount: pieces.secondCount)
    }
    return Value(littleEndian: value)
  }

  /// Writes the 1 to 16 bytes of `value` at `address`, little-endian, aligned or not.
  ///
  /// An access across a page border translates both pages first: a fault in the second leaves
  /// the bytes of the first as they were.
  public mutating func store<Value: FixedWidthInteger & BitwiseCopyable>(
    _ value: Value, at address: VirtualAddress, _ privilege: Privilege
  ) throws(MMUFault) {
    let pieces = try locate(address, MemoryLayout<Value>.size, .write, privilege)
    unsafe withUnsafeBytes(of: value.littleEndian) { bytes in
      // SAFETY: as in `load`.
      let source = unsafe bytes.baseAddress.unsafelyUnwrapped
      unsafe memory.pointer(to: pieces.first).copyMemory(
        from: source, byteCount: pieces.firstCount)
      guard pieces.secondCount > 0 else { return }
      unsafe memory.pointer(to: pieces.second).copyMemory(
        from: source + pieces.firstCount, byteCount: pieces.secondCount)
    }
  }

  /// Where the bytes of one access stand in RAM: one run, or two at a page border.
  private struct Pieces {
    var first: PhysicalAddress
    var firstCount: Int
    var second: PhysicalAddress
    var secondCount: Int
  }

  private mutating func locate(
    _ address: VirtualAddress, _ count: Int, _ access: MemoryAccess, _ privilege: Privilege
  ) throws(MMUFault) -> Pieces {
    precondition(count <= 16, "no access is wider than 16 bytes")
    let pageSize = format(isHigh: isInHighHalf(address)).pointee.pageSize
    let offset = Int(bitPattern: address.rawValue & pageSize.offsetMask)
    let room = Int(bitPattern: pageSize.bytes.rawValue) &- offset
    let first = try place(address, access, privilege)
    guard count > room else {
      return Pieces(first: first, firstCount: count, second: first, secondCount: 0)
    }
    let second = try place(address + ByteCount(UInt(bitPattern: room)), access, privilege)
    return Pieces(first: first, firstCount: room, second: second, secondCount: count &- room)
  }

  private mutating func place(
    _ address: VirtualAddress, _ access: MemoryAccess, _ privilege: Privilege
  ) throws(MMUFault) -> PhysicalAddress {
    let physical = try translate(address, access, privilege)
    guard memory.contains(physical) else {
      throw MMUFault(
        .externalAbort, level: .pte, access: access, privilege: privilege, address: address)
    }
    return physical
  }
}
