internal import KernelHeap
public import MemoryTypes

/// What a program calls a piece of its anonymous memory: `[anon:NAME]` in `/proc/PID/maps`.
///
/// A slab object that all VMAs of the name share. Linux: `anon_vma_name`, include/linux/mm_inline.h.
public struct AreaName: Sendable {
  /// VMAs of the name.
  var references = 1
  public private(set) var count: Int
  private var bytes = InlineArray<80, UInt8>(repeating: 0)

  /// The longest name, with the zero at its end. Linux: `ANON_VMA_NAME_MAX_LEN`.
  public static var limit: Int { 80 }

  /// A name of at most 79 printable characters without any of `` \`$[] ``; nil for another.
  ///
  /// Linux: `is_valid_name_char()`, kernel/sys.c.
  public init?(_ text: borrowing Span<UInt8>) {
    guard text.count < Self.limit else { return nil }
    count = text.count
    for index in 0..<text.count {
      guard Self.isAllowed(text[index]) else { return nil }
      bytes[index] = text[index]
    }
  }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "\\"), UInt8(ascii: "`"), UInt8(ascii: "$"), UInt8(ascii: "["),
      UInt8(ascii: "]"):
      false
    default: byte > 0x1f && byte < 0x7f
    }
  }

  /// The characters, one by one.
  public func write(to sink: inout some TextSink) {
    for index in 0..<count { sink.write(bytes[index]) }
  }

  /// The same text, or no name on both sides. Linux: `anon_vma_name_eq()`.
  static func areEqual(_ left: Ref<AreaName>?, _ right: Ref<AreaName>?) -> Bool {
    guard let left, let right else { return left == nil && right == nil }
    if left == right { return true }
    guard left.pointee.count == right.pointee.count else { return false }
    for index in 0..<left.pointee.count
    where left.pointee.bytes[index] != right.pointee.bytes[index] {
      return false
    }
    return true
  }
}

extension AddressSpace {
  /// Names the anonymous memory of a range, or takes its name away.
  ///
  /// - Parameters:
  ///   - start: Page-aligned.
  ///   - length: In bytes, rounded up; 0 succeeds and does nothing.
  ///   - name: nil for none.
  /// - Throws: `invalidArgument` for a bad range, `badDescriptor` for a mapping of a file,
  ///   `outOfMemory` for a hole or when there is no slab object, `tryAgain` when an area cannot be
  ///   split. What came before has changed.
  ///
  /// Linux: `madvise_set_anon_name()`, mm/madvise.c.
  public mutating func setName(
    _ start: VirtualAddress, _ length: ByteCount, _ name: AreaName?
  ) throws(MapError) {
    guard services.pointee.features.contains(.areaNames), pageSize.isAligned(start) else {
      throw .invalidArgument
    }
    let rounded = pageSize.roundUp(length)
    guard rounded > .zero || length == .zero, start + rounded >= start else {
      throw .invalidArgument
    }
    guard rounded > .zero else { return }
    let shared = try makeName(name)
    defer { services.release(shared) }
    let range = VirtualRange(layout.untagged(start), count: rounded)
    try forEachPart(of: range) { space, vma, part throws(MapError) in
      if let file = vma.pointee.file, !file.pointee.isUnnamedSharedMemory { throw .badDescriptor }
      try space.update(vma, part, vma.pointee.flags, name: shared)
    }
  }

  private func makeName(_ name: AreaName?) throws(MapError) -> Ref<AreaName>? {
    guard let name else { return nil }
    do { return try services.pointee.areaNames.allocate(name) } catch { throw .outOfMemory }
  }

  /// Lets a VMA hold `name` in the place of its own.
  func rename(_ vma: Ref<VMA>, _ name: Ref<AreaName>?) {
    guard vma.pointee.name != name else { return }
    guard !AreaName.areEqual(vma.pointee.name, name) else { return }
    name?.pointee.references += 1
    services.release(vma.pointee.name)
    vma.pointee.name = name
  }
}

extension MappedFile {
  /// Memory that a shared anonymous mapping made. Linux: `vma_is_anon_shmem()`.
  var isUnnamedSharedMemory: Bool { kind == .sharedMemory && name.count == 0 }
}

extension Ref where Object == MemoryServices {
  /// Lets go of a name; the last one frees it.
  func release(_ name: Ref<AreaName>?) {
    guard let name else { return }
    name.pointee.references -= 1
    if name.pointee.references == 0 { pointee.areaNames.free(name) }
  }
}
