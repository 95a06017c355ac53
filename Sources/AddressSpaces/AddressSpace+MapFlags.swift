internal import Machine
internal import MemoryTypes

/// What a new area may be: the checks of `mmap` that look at its flags and its file.
extension AddressSpace {
  /// The VMA flags of a request, or why it is refused.
  ///
  /// Linux: the switch over `MAP_TYPE` in `do_mmap()`; `calc_vm_flag_bits()`.
  func areaFlags(_ request: MapRequest, _ length: ByteCount) throws(MapError) -> VMAFlags {
    var flags = VMAFlags(protection: request.protection).union(defaultFlags)
    flags.formUnion([.mayRead, .mayWrite, .mayExecute])
    if request.flags.contains(.growsDown) { flags.insert(.growsDown) }
    if request.flags.contains(.locked) { flags.insert(.locked) }
    // Anonymous memory with `MAP_SYNC` gains nothing, but stands apart from what is without it.
    if request.flags.contains(.synchronous) { flags.insert(.synchronous) }
    if request.flags.contains(.stack), services.pointee.rules.contains(.stackFlagRefusesHugePages),
      layout.hugePageSize > .zero || layout.architecture == .i386
    {
      flags.insert(.noHugePages)
    }
    if request.flags.contains(.locked), !mayLockAtAll { throw .notPermitted }
    guard mayLock(flags, length) else { throw .lockedLimit }
    if let file = request.file {
      flags = try fileFlags(flags, request, file, length)
    } else {
      flags = try anonymousFlags(flags, request)
    }
    if request.flags.contains(.noReserve), services.pointee.commit.policy != .never {
      flags.insert(.noReserve)
    }
    return flags
  }

  private func anonymousFlags(
    _ flags: VMAFlags, _ request: MapRequest
  ) throws(MapError) -> VMAFlags {
    switch request.flags.type {
    case .shared:
      guard !flags.contains(.growsDown) else { throw .invalidArgument }
      return flags.union([.shared, .mayShare])
    case .private: return flags
    case .droppable where services.pointee.rules.contains(.knowsDroppableMemory):
      guard !request.flags.contains(.locked), !flags.contains(.growsDown) else {
        throw .invalidArgument
      }
      // What may be dropped is not locked, whatever future mappings are to be.
      return flags.subtracting(.lockedMask).union([.droppable, .noReserve, .wipeOnFork, .dontDump])
    default: throw .invalidArgument
    }
  }

  private func fileFlags(
    _ given: VMAFlags, _ request: MapRequest, _ file: Ref<MappedFile>, _ length: ByteCount
  ) throws(MapError) -> VMAFlags {
    var flags = given
    guard file.pointee.canHold(length, at: request.offset) else { throw .offsetOverflow }
    switch request.flags.type {
    case .shared, .sharedValidate:
      if request.flags.type == .sharedValidate, !request.flags.isSubset(of: .validated) {
        throw .unsupportedFlag
      }
      if request.protection.contains(.write), !request.access.contains(.write) {
        throw .accessDenied
      }
      flags.formUnion([.shared, .mayShare])
      if !request.access.contains(.write) { flags.subtract([.mayWrite, .shared]) }
      // A sealed file may be mapped for reading, and stays so.
      let isSealed = !file.pointee.seals.isDisjoint(with: .againstMappings)
      if isSealed, !request.protection.contains(.write) { flags.remove(.mayWrite) }
    case .private: break
    default: throw .invalidArgument
    }
    guard request.access.contains(.read) else { throw .accessDenied }
    guard file.pointee.isMappable else { throw .notMappable }
    guard !flags.contains(.growsDown) else { throw .invalidArgument }
    if file.pointee.kind == .hugePages { flags.formUnion([.hugeTLB, .dontExpand]) }
    return flags
  }
}

extension MapFlags {
  /// What `MAP_SHARED_VALIDATE` accepts. Linux: `LEGACY_MAP_MASK`.
  static var validated: MapFlags {
    [
      .sharedValidate, .fixed, .anonymous, .low2GB, .above4GB, .growsDown, .locked, .noReserve,
      .populate, .nonblock, .stack, .hugeTLB, MapFlags(rawValue: 0x0800),
      MapFlags(rawValue: 0x1000),
    ]
  }
}
