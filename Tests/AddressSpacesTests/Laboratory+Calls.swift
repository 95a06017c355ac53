import AddressSpaces
import Machine
import MemoryTypes
import PhysicalMemory

/// The calls, in pages from the base.
extension Laboratory {
  func address(_ page: Int) -> VirtualAddress {
    VirtualAddress(Self.base &+ UInt(bitPattern: page &* Int(Self.pageBytes)))
  }

  func page(_ address: VirtualAddress) -> Int {
    (Int(bitPattern: address.rawValue) - Int(Self.base)) / Int(Self.pageBytes)
  }

  func bytes(_ pages: Int) -> ByteCount { ByteCount(UInt(pages) * Self.pageBytes) }

  /// Maps pages at a fixed place.
  func map(
    _ range: Range<Int>, _ protection: Protection = [.read, .write],
    _ flags: MapFlags = [.private, .anonymous], file: Ref<MappedFile>? = nil, offset: Int = 0,
    access: MapRequest.FileAccess = [.read, .write]
  ) throws(MapError) {
    defer { flush() }
    _ = try space.pointee.mmap(
      MapRequest(
        address: address(range.lowerBound), length: bytes(range.count), protection: protection,
        flags: flags.union(.fixed), file: file, access: access,
        offset: UInt64(bytes(offset).rawValue)))
  }

  /// Maps pages where the kernel likes.
  func place(
    _ pages: Int, hint: VirtualAddress = VirtualAddress(0),
    _ flags: MapFlags = [.private, .anonymous], _ protection: Protection = [.read, .write]
  ) throws(MapError) -> VirtualAddress {
    defer { flush() }
    return try space.pointee.mmap(
      MapRequest(
        address: hint, length: bytes(pages), protection: protection, flags: flags))
  }

  func unmap(_ range: Range<Int>) throws(MapError) {
    defer { flush() }
    try space.pointee.munmap(address(range.lowerBound), bytes(range.count))
  }

  func protect(_ range: Range<Int>, _ protection: Protection) throws(MapError) {
    defer { flush() }
    try space.pointee.mprotect(address(range.lowerBound), bytes(range.count), protection)
  }

  func remap(
    _ range: Range<Int>, to count: Int, _ flags: RemapFlags = [], at target: Int? = nil
  ) throws(MapError) -> VirtualAddress {
    defer { flush() }
    return try space.pointee.mremap(
      address(range.lowerBound), oldLength: bytes(range.count), newLength: bytes(count), flags,
      newAddress: target.map(address) ?? VirtualAddress(0))
  }

  func seal(_ range: Range<Int>) throws(MapError) {
    defer { flush() }
    try space.pointee.mseal(address(range.lowerBound), bytes(range.count), flags: 0)
  }

  func setBreak(_ wanted: VirtualAddress) -> VirtualAddress {
    defer { flush() }
    return space.pointee.brk(wanted)
  }

  /// A file of some pages with an opener's reference.
  func makeFile(
    _ pages: Int, _ kind: MappedFile.Kind = .regular
  ) throws(MapError) -> Ref<MappedFile> {
    let name = Array("/tmp/file".utf8)
    return try services.makeFile(
      kind, size: UInt64(bytes(pages).rawValue), name: name.span, alignsToHugePages: false)
  }
}

/// What a program does.
extension Laboratory {
  /// Accesses a byte as a program does: by the MMU, and by the fault handler where that refuses.
  ///
  /// - Returns: Where the byte lies.
  @discardableResult
  func access(
    _ address: VirtualAddress, _ access: MemoryAccess
  ) throws(FaultError) -> PhysicalAddress {
    for _ in 0..<3 {
      let physical: PhysicalAddress? = try? hardware.mmu.pointee.translate(address, access, .user)
      if let physical { return physical }
      defer { flush() }
      try space.pointee.handleFault(at: address, access)
    }
    preconditionFailure("a served fault comes back for ever")
  }

  func write(_ byte: UInt8, _ page: Int) throws(FaultError) {
    let physical = try access(address(page), .write)
    unsafe hardware.directMap.pointer(to: physical).storeBytes(of: byte, as: UInt8.self)
  }

  func read(_ page: Int) throws(FaultError) -> UInt8 {
    let physical = try access(address(page), .read)
    return unsafe hardware.directMap.pointer(to: physical).load(as: UInt8.self)
  }
}

/// What can be seen.
extension Laboratory {
  /// The areas in order: pages from the base, permissions, `s` for shared, `@` the file's page.
  var areas: [String] {
    var lines: [String] = []
    var area = space.pointee.vmas.first
    while let vma = area {
      lines.append(describe(vma.pointee))
      area = space.pointee.vmas.next(vma)
    }
    return lines
  }

  private func describe(_ area: VMA) -> String {
    let flags = area.flags
    let permissions = [
      flags.contains(.read) ? "r" : "-", flags.contains(.write) ? "w" : "-",
      flags.contains(.execute) ? "x" : "", flags.contains(.shared) ? "s" : "",
    ].joined()
    let file = area.file == nil ? "" : " @\(area.pageOffset)"
    return "\(page(area.start))-\(page(area.end)) \(permissions)\(file)"
  }

  var committed: UInt { services.pointee.commit.committed.rawValue }
  var faults: UInt64 { space.pointee.faults.minor }
}
