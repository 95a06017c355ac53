internal import MemoryTypes

/// For each node, the populated zones in the order in which a request is offered them: the near
/// nodes first, the highest zone of a node first. Linux: `node_zonelists`, `build_zonelists()`.
@safe
struct Zonelists: @unchecked Sendable {
  private let entries: UnsafeMutablePointer<UInt16>
  /// Room of one list; its first entry says how many follow.
  private let stride: Int
  private let nodeCount: Int

  static func size(zones: Int, nodes: Int) -> Int {
    (zones + 1) * nodes * MemoryLayout<UInt16>.stride
  }

  /// Empty lists in `size(zones:nodes:)` bytes at `base`.
  @unsafe
  init(_ base: UnsafeMutableRawPointer, zones: Int, nodes: Int) {
    stride = zones + 1
    nodeCount = nodes
    unsafe entries = base.bindMemory(to: UInt16.self, capacity: stride * nodes)
    unsafe entries.initialize(repeating: 0, count: stride * nodes)
  }

  func append(_ zone: Int, to node: Int) {
    let list = node * stride
    let count = unsafe entries[list] + 1
    unsafe entries[list] = count
    unsafe entries[list + Int(count)] = UInt16(zone)
  }

  func removeAll() {
    for node in 0..<nodeCount { unsafe entries[node * stride] = 0 }
  }

  @inline(__always)
  func count(of node: Int) -> Int { unsafe Int(entries[start(of: node)]) }

  /// The place in the zone table of the n-th zone that `node` is offered.
  @inline(__always)
  func zone(_ position: Int, of node: Int) -> Int {
    unsafe Int(entries[start(of: node) &+ 1 &+ position])
  }

  @inline(__always)
  private func start(of node: Int) -> Int {
    precondition(UInt(bitPattern: node) < UInt(bitPattern: nodeCount), "no such node")
    return node &* stride
  }
}
