/// One piece of the structure block.
enum DeviceTreeToken {
  /// `name` begins with the node's name and a NUL.
  case begin(name: FirmwareBytes)
  case end
  /// `name` begins with the property's name and a NUL; only a comparison looks for that NUL, since
  /// a hostile blob may point a million properties at one long string.
  case property(name: FirmwareBytes, value: FirmwareBytes)
}

/// Reads a structure block from front to back, and sees to it that nodes nest.
struct DeviceTreeCursor {
  private let tree: DeviceTree
  private var offset: UInt64 = 0
  private var depth: UInt64 = 0

  init(_ tree: DeviceTree) { self.tree = tree }

  /// The next piece; nil after the last node. Every call consumes at least 4 bytes.
  mutating func next() throws(FirmwareError) -> DeviceTreeToken? {
    while true {
      switch try number() {
      case 1: return try beginNode()
      case 2:
        guard depth > 0 else { throw .malformed }
        depth -= 1
        return .end
      case 3: return try property()
      case 4: continue
      case 9:
        guard depth == 0 else { throw .malformed }
        return nil
      default: throw .malformed
      }
    }
  }

  private mutating func beginNode() throws(FirmwareError) -> DeviceTreeToken {
    guard let name = tree.structure.suffix(from: offset) else { throw .truncated }
    while true {
      guard let byte = tree.structure.byte(at: offset) else { throw .truncated }
      offset += 1
      if byte == 0 { break }
    }
    align()
    depth += 1
    return .begin(name: name)
  }

  private mutating func property() throws(FirmwareError) -> DeviceTreeToken {
    let length = try number()
    let nameOffset = try number()
    guard depth > 0 else { throw .malformed }
    guard let name = tree.strings.suffix(from: nameOffset),
      let value = tree.structure.slice(offset, count: length)
    else { throw .truncated }
    offset += length
    align()
    return .property(name: name, value: value)
  }

  private mutating func number() throws(FirmwareError) -> UInt64 {
    guard let value = tree.structure.bigEndian(at: offset, width: 4) else { throw .truncated }
    offset += 4
    return value
  }

  private mutating func align() { offset = (offset + 3) & ~3 }
}
