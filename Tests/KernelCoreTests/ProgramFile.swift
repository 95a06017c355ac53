/// An ELF file as bytes, made of its headers: each loaded byte is the low byte of its place in the file.
struct ProgramFile {
  struct Header {
    var kind: UInt32 = 1
    var flags: UInt32
    var offset: UInt64
    var address: UInt64
    var fileSize: UInt64
    var memorySize: UInt64
    var alignment: UInt64 = 4096
  }

  var isFixed = false
  var machine: UInt16 = 62
  var entry: UInt64
  var headers: [Header]

  var bytes: [UInt8] {
    let size = headers.map { $0.offset + $0.fileSize }.max() ?? 0
    var bytes = (0..<Int(max(size, 4096))).map { UInt8(truncatingIfNeeded: $0) }
    var head = Writer()
    head.put([0x7f, 0x45, 0x4c, 0x46, machine == 3 ? 1 : 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    let is64Bit = machine != 3
    head.put(isFixed ? 2 : 3, 2)
    head.put(UInt64(machine), 2)
    head.put(1, 4)
    let word = is64Bit ? 8 : 4
    head.put(entry, word)
    head.put(is64Bit ? 64 : 52, word)
    head.put(0, word)
    head.put(0, 4)
    head.put(is64Bit ? 64 : 52, 2)
    head.put(is64Bit ? 56 : 32, 2)
    head.put(UInt64(headers.count), 2)
    head.put([0, 0, 0, 0, 0, 0])
    for header in headers { put(header, to: &head, is64Bit, word) }
    bytes.replaceSubrange(0..<head.bytes.count, with: head.bytes)
    return bytes
  }

  private func put(_ header: Header, to head: inout Writer, _ is64Bit: Bool, _ word: Int) {
    head.put(UInt64(header.kind), 4)
    if is64Bit { head.put(UInt64(header.flags), 4) }
    head.put(header.offset, word)
    head.put(header.address, word)
    head.put(header.address, word)
    head.put(header.fileSize, word)
    head.put(header.memorySize, word)
    if !is64Bit { head.put(UInt64(header.flags), 4) }
    head.put(header.alignment, word)
  }

  private struct Writer {
    var bytes: [UInt8] = []

    mutating func put(_ more: [UInt8]) { bytes += more }

    mutating func put(_ value: UInt64, _ count: Int) {
      for index in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index))) }
    }
  }
}
