internal import AddressSpaces
internal import Machine
internal import MemoryTypes

/// What the words below the strings are made of.
struct StackTables {
  var image: ELFImage
  var loaded: LoadedProgram
  var interpreterBase: UInt
  var kernelObject: VirtualAddress
  var facts: ProcessFacts
  var strings: StackStrings
}

/// The stack of a program at its start.
///
/// ```
///   stack pointer, 16-byte aligned
///   | count | argument pointers | 0 | environment pointers | 0 | auxiliary vector | … |
///                                    … | 16 random bytes | platform | … | strings |
/// ```
extension Kernel {
  /// Writes the strings at the top of the stack. Linux: `copy_strings()`, fs/exec.c.
  func write(
    _ strings: StackStrings, path: borrowing Span<UInt8>, arguments: borrowing Span<UInt8>,
    environment: borrowing Span<UInt8>, in space: Ref<AddressSpace>
  ) throws(Errno) {
    try store(path, at: strings.pathStart, space)
    try store(0, size: 1, at: strings.pathStart.rawValue &+ UInt(path.count), space)
    try store(environment, at: strings.environmentStart, space)
    try store(arguments, at: strings.start, space)
    if arguments.count == 0 { try store(0, size: 1, at: strings.start.rawValue, space) }
    flush(space)
  }

  /// Writes everything below the strings and saves the auxiliary vector.
  ///
  /// - Returns: The stack pointer. Linux: `create_elf_tables()`, fs/binfmt_elf.c.
  func writeTables(
    _ tables: StackTables, in space: Ref<AddressSpace>
  ) throws(Errno) -> VirtualAddress {
    let strings = tables.strings
    let name = platform
    let platformStart = (strings.start.rawValue & ~15) &- UInt(name.utf8CodeUnitCount) &- 1
    for index in 0..<name.utf8CodeUnitCount {
      // SAFETY: a static string's bytes are constant data of that many bytes.
      let byte = unsafe name.utf8Start[index]
      try store(UInt(byte), size: 1, at: platformStart &+ UInt(index), space)
    }
    try store(0, size: 1, at: platformStart &+ UInt(name.utf8CodeUnitCount), space)
    let random = platformStart &- 16
    for index in UInt(0)..<16 {
      let word = index < 8 ? tables.facts.random.low : tables.facts.random.high
      let byte = UInt(truncatingIfNeeded: word >> UInt64(index % 8 * 8)) & 0xff
      try store(byte, size: 1, at: random &+ index, space)
    }
    let vector = auxiliaryVector(tables, platform: platformStart, random: random)
    space.pointee.auxiliary = vector
    let items = strings.argumentCount &+ strings.environmentCount &+ 3
    let words = UInt(vector.count) &+ items
    let stackPointer = (random &- words &* strings.wordSize) & ~15
    space.pointee.setStackStart(VirtualAddress(stackPointer))
    try writeWords(vector, strings, at: stackPointer, space)
    flush(space)
    return VirtualAddress(stackPointer)
  }

  private func writeWords(
    _ vector: AuxiliaryVector, _ strings: StackStrings, at stackPointer: UInt,
    _ space: Ref<AddressSpace>
  ) throws(Errno) {
    let size = strings.wordSize
    try store(strings.argumentCount, size: size, at: stackPointer, space)
    var place = try writePointers(
      strings.argumentCount, from: strings.start.rawValue, at: stackPointer &+ size, size, space)
    place = try writePointers(
      strings.environmentCount, from: strings.environmentStart.rawValue, at: place, size, space)
    for index in 0..<vector.count {
      try store(vector.words[index], size: size, at: place, space)
      place = place &+ size
    }
  }

  /// Writes pointers to strings that stand one behind the other, and a 0.
  ///
  /// - Returns: The place behind it.
  private func writePointers(
    _ count: UInt, from start: UInt, at place: UInt, _ size: UInt, _ space: Ref<AddressSpace>
  ) throws(Errno) -> UInt {
    var (string, place) = (start, place)
    for _ in 0..<count {
      try store(string, size: size, at: place, space)
      place = place &+ size
      while let byte = space.pointee.byte(at: VirtualAddress(string)), byte != 0 {
        string = string &+ 1
      }
      string = string &+ 1
    }
    try store(0, size: size, at: place, space)
    return place &+ size
  }

  /// Linux: the `NEW_AUX_ENT` lines of `create_elf_tables()`; `ARCH_DLINFO`.
  private func auxiliaryVector(
    _ tables: StackTables, platform: UInt, random: UInt
  ) -> AuxiliaryVector {
    let facts = tables.facts
    var vector = AuxiliaryVector()
    vector.append(.kernelObject, tables.kernelObject.rawValue)
    if facts.minimumSignalStack > 0 {
      vector.append(.minimumSignalStack, facts.minimumSignalStack)
    }
    vector.append(.hardwareCapabilities, facts.hardwareCapabilities)
    vector.append(.pageSize, settings.layout.pageSize.bytes.rawValue)
    vector.append(.clockTicks, 100)
    vector.appendImage(tables)
    vector.appendOwner(facts)
    vector.append(.randomBytes, random)
    vector.append(.hardwareCapabilities2, facts.hardwareCapabilities2)
    vector.append(.fileName, tables.strings.pathStart.rawValue)
    vector.append(.platform, platform)
    if services.pointee.rules.contains(.tellsRestartableSequences) {
      vector.append(.restartableSize, 28)
      vector.append(.restartableAlignment, 32)
    }
    vector.append(.end, 0)
    return vector
  }

  /// Linux: `ELF_PLATFORM`.
  private var platform: StaticString {
    switch settings.layout.architecture {
    case .x86_64: "x86_64"
    case .i386: "i686"
    case .arm64: "aarch64"
    }
  }

  private func store(
    _ bytes: borrowing Span<UInt8>, at start: VirtualAddress, _ space: Ref<AddressSpace>
  ) throws(Errno) {
    for index in 0..<bytes.count {
      try store(UInt(bytes[index]), size: 1, at: start.rawValue &+ UInt(index), space)
    }
  }

  /// The lowest `size` bytes of a word, lowest first.
  private func store(
    _ word: UInt, size: UInt, at address: UInt, _ space: Ref<AddressSpace>
  ) throws(Errno) {
    for index in 0..<size {
      let byte = UInt8(truncatingIfNeeded: word >> (index &* 8))
      do { try space.pointee.store(byte, at: VirtualAddress(address &+ index)) } catch {
        throw .EFAULT
      }
    }
  }
}

extension AuxiliaryVector {
  /// Where the program's headers and its interpreter stand, and where it begins.
  fileprivate mutating func appendImage(_ tables: StackTables) {
    append(.programHeaders, tables.loaded.headers)
    append(.headerSize, UInt(tables.image.headerSize))
    append(.headerCount, UInt(tables.image.count))
    append(.interpreterBase, tables.interpreterBase)
    append(.flags, 0)
    append(.entry, tables.loaded.bias &+ tables.image.entry)
  }

  /// For whom the program runs.
  fileprivate mutating func appendOwner(_ facts: ProcessFacts) {
    append(.user, facts.user)
    append(.effectiveUser, facts.user)
    append(.group, facts.group)
    append(.effectiveGroup, facts.group)
    append(.isSecure, facts.isSecure ? 1 : 0)
  }
}
