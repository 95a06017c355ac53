extension BootLogReader {
  /// A line of memblock's, from behind `memblock_` on; nil for one that changes nothing.
  func memblockEvent(_ line: inout LineCursor) throws(BadInput) -> BootLogEntry.Event? {
    let function = line.string(line.word())
    guard line.skip(": ") else { return nil }
    switch function {
    case "reserve":
      let range = try memblockRange(&line)
      line.skipSpaces()
      return .reserve(range, isAllocation: line.skip("memblock_alloc_range_nid"))
    case "phys_free", "free": return .free(try memblockRange(&line))
    case "add": return .add(try memblockRange(&line))
    case "remove": return .remove(try removedRange(&line))
    case "phys_alloc_range", "alloc_try_nid", "alloc_try_nid_raw", "alloc_exact_nid_raw",
      "alloc_try_nid_nopanic":
      return .request(try request("memblock_\(function)", &line))
    default: return nil
    }
  }

  private func memblockRange(_ line: inout LineCursor) throws(BadInput) -> Range<UInt64> {
    let start = line
    guard line.skip("["), let range = Self.range(&line) else {
      throw broken(start, "a range, [0x…-0x…]")
    }
    return range
  }

  /// Linux removes "the rest of the address space" by a size that wraps; the end it prints is low.
  private func removedRange(_ line: inout LineCursor) throws(BadInput) -> Range<UInt64> {
    let start = line
    guard line.skip("["), let first = line.number(), line.skip("-"), let last = line.number()
    else { throw broken(start, "a range, [0x…-0x…]") }
    return Self.range(first, last) ?? first..<UInt64.max
  }

  /// `4096 bytes align=0x1000 nid=-1 from=0x0 max_addr=0x0 caller+0x1/0x2`; no node without NUMA.
  private func request(
    _ function: String, _ line: inout LineCursor
  ) throws(BadInput) -> BootRequest {
    let start = line
    let expected = "a request, N bytes align=0x… from=0x… max_addr=0x…"
    guard let size = line.decimal(), line.skip(" bytes align="), let alignment = line.number()
    else { throw broken(start, expected) }
    var node: UInt64?
    if line.skip(" nid=") { node = line.number() }
    guard line.skip(" from="), let minimum = line.number(), line.skip(" max_addr="),
      let limit = line.number(), alignment > 0, alignment & (alignment - 1) == 0
    else { throw broken(start, expected) }
    line.skipSpaces()
    let caller = line.string(line.text(before: UInt8(ascii: "+")) ?? line.position..<line.end)
    return BootRequest(
      function: function, size: size, alignment: alignment,
      node: node.map { Int32(truncatingIfNeeded: $0) } ?? -1, minimum: minimum, limit: limit,
      caller: caller)
  }
}
