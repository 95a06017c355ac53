/// The node that each processor is near to. Linux: `cpu_to_node()`.
@safe
struct ProcessorNodes: @unchecked Sendable {
  private let base: UnsafeMutablePointer<UInt8>
  private let count: Int

  /// Spreads `count` processors over the nodes in turn, as a kernel does whose firmware says
  /// nothing. Linux: `numa_init_array()`.
  @unsafe
  init(_ base: UnsafeMutablePointer<UInt8>, count: Int, nodes: Int) {
    unsafe self.base = base
    self.count = count
    for processor in 0..<count {
      unsafe (base + processor).initialize(to: UInt8(processor % nodes))
    }
  }

  @inline(__always)
  subscript(processor: Int) -> Int {
    get {
      precondition(UInt(bitPattern: processor) < UInt(bitPattern: count), "no such processor")
      return unsafe Int(base[processor])
    }
    nonmutating set {
      precondition(UInt(bitPattern: processor) < UInt(bitPattern: count), "no such processor")
      unsafe base[processor] = UInt8(newValue)
    }
  }
}
