internal import MemoryTypes

extension LineCursor {
  /// A line of `/proc/PID/maps` without device and inode: `START-END PERMS OFFSET [PATH]`.
  mutating func mapLine(paths: inout PathTable) -> MapLine? {
    guard let start = hexadecimal(), skip("-"), let limit = hexadecimal(), start < limit,
      skip(" "), let permissions = permissions(), skip(" "), let offset = hexadecimal()
    else { return nil }
    guard isAtEnd || skip(" ") else { return nil }
    while byte(at: position) == 0x20 { position += 1 }
    let path = unsafe paths.string(bytes: bytes(position..<end))
    position = end
    return MapLine(
      start: start, end: limit, permissions: permissions, offset: offset, path: path)
  }

  /// Four letters of `rwxsp-`.
  private mutating func permissions() -> MapPermissions? {
    var value: MapPermissions = []
    for (letter, permission) in [(0x72, MapPermissions.read), (0x77, .write), (0x78, .execute)] {
      if peek == letter {
        value.insert(permission)
      } else if peek != 0x2d {
        return nil
      }
      position += 1
    }
    if skip("s") { return value.union(.shared) }
    return skip("p") ? value : nil
  }
}
