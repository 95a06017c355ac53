/// Whether an x86-64 instruction reads or writes the memory it names.
///
/// Only the opcode is looked at, so an instruction that does both to different places (movs, call
/// through memory) is `unknown`. One that reads and writes the same place (add to memory) faults as
/// a write. Opcode maps: Intel SDM volume 2, appendix A.
enum InstructionAccess {
  case read, write, unknown

  init(of code: [UInt8]) {
    var bytes = code[...]
    var prefix: UInt8 = 0
    while let byte = bytes.first, InstructionAccess.isPrefix(byte) {
      if let selected = InstructionAccess.selector(byte) { prefix = selected }
      bytes = bytes.dropFirst()
    }
    if let byte = bytes.first, byte & 0xf0 == 0x40 { bytes = bytes.dropFirst() }
    guard let first = bytes.popFirst() else {
      self = .unknown
      return
    }
    switch first {
    case 0xc5 where bytes.count > 2:
      self.init(map: 1, prefix: bytes[bytes.startIndex] & 3, bytes.dropFirst(1))
    case 0xc4 where bytes.count > 3:
      self.init(
        map: bytes[bytes.startIndex] & 0x1f, prefix: bytes[bytes.startIndex + 1] & 3,
        bytes.dropFirst(2))
    case 0x62 where bytes.count > 4:
      self.init(
        map: bytes[bytes.startIndex] & 7, prefix: bytes[bytes.startIndex + 1] & 3,
        bytes.dropFirst(3))
    case 0x0f:
      switch bytes.first {
      case 0x38: self.init(map: 2, prefix: prefix, bytes.dropFirst())
      case 0x3a: self.init(map: 3, prefix: prefix, bytes.dropFirst())
      default: self.init(map: 1, prefix: prefix, bytes)
      }
    default: self = .ofOneByte(first, field: InstructionAccess.field(bytes))
    }
  }

  /// `prefix`: 0 none, 1 for 66, 2 for F3, 3 for F2, as VEX has it.
  private init(map: UInt8, prefix: UInt8, _ bytes: ArraySlice<UInt8>) {
    guard let opcode = bytes.first else {
      self = .unknown
      return
    }
    let field = InstructionAccess.field(bytes.dropFirst())
    switch map {
    case 1: self = .ofTwoBytes(opcode, prefix: prefix, field: field)
    case 2: self = .ofMap2(opcode, prefix: prefix)
    case 3: self = .ofMap3(opcode)
    default: self = .unknown
    }
  }

  private static func isPrefix(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x26, 0x2e, 0x36, 0x3e, 0x64...0x67, 0xf0, 0xf2, 0xf3: true
    default: false
    }
  }

  private static func selector(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x66: 1
    case 0xf3: 2
    case 0xf2: 3
    default: nil
    }
  }

  /// The middle three bits of the ModRM byte, which extend some opcodes.
  private static func field(_ bytes: ArraySlice<UInt8>) -> UInt8 {
    (bytes.first ?? 0) >> 3 & 7
  }

  private static func ofOneByte(_ opcode: UInt8, field: UInt8) -> InstructionAccess {
    switch opcode {
    case 0x38, 0x39: .read
    case 0x00..<0x40: opcode & 7 < 2 ? .write : .read
    case 0x50...0x57, 0x68, 0x6a, 0x6c, 0x6d, 0x9c, 0xc8, 0xe8: .write
    case 0x80, 0x81, 0x83: field == 7 ? .read : .write
    case 0x86...0x89, 0x8c, 0x8f, 0xa2, 0xa3, 0xaa, 0xab: .write
    case 0xc0, 0xc1, 0xc6, 0xc7, 0xd0...0xd3, 0xfe: .write
    case 0xa4, 0xa5: .unknown
    case 0xd9: field == 2 || field == 3 || field > 5 ? .write : .read
    case 0xdb: (1...3).contains(field) || field == 7 ? .write : .read
    case 0xdd, 0xdf: (1...3).contains(field) || field > 5 ? .write : .read
    case 0xf6, 0xf7: field == 2 || field == 3 ? .write : .read
    case 0xff: field < 2 ? .write : .unknown
    default: .read
    }
  }

  private static func ofTwoBytes(
    _ opcode: UInt8, prefix: UInt8, field: UInt8
  ) -> InstructionAccess {
    switch opcode {
    case 0x11, 0x13, 0x17, 0x29, 0x2b, 0x7f, 0xc3, 0xd6, 0xe7, 0xf7: .write
    case 0x7e: prefix == 2 ? .read : .write
    case 0x90...0x9f, 0xa0, 0xa4, 0xa5, 0xa8, 0xab...0xad: .write
    case 0xae: field == 0 || field == 3 || field == 4 || field == 6 ? .write : .read
    case 0xb0, 0xb1, 0xb3, 0xbb, 0xc0, 0xc1, 0xc7: .write
    case 0xba: field > 4 ? .write : .read
    default: .read
    }
  }

  private static func ofMap2(_ opcode: UInt8, prefix: UInt8) -> InstructionAccess {
    switch opcode {
    case 0x2e, 0x2f, 0x63, 0x8a, 0x8b, 0x8e, 0xa0...0xa3: .write
    case 0x10...0x15, 0x20...0x25, 0x30...0x35: prefix == 2 ? .write : .read
    case 0xf1: prefix == 3 ? .read : .write
    default: .read
    }
  }

  private static func ofMap3(_ opcode: UInt8) -> InstructionAccess {
    switch opcode {
    case 0x14...0x17, 0x19, 0x1b, 0x1d, 0x39, 0x3b: .write
    default: .read
    }
  }
}
