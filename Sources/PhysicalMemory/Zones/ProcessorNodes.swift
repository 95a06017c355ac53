/// The node that each processor is near to. Linux: `cpu_to_node()`.
@safe
struct ProcessorNodes: @unchecked Sendable {
  private let base: UnsafeMutablePointer<UInt8>
  private let count: Int

  @unsafe
  init(_ base: UnsafeMutablePointer<UInt8>, count: Int) {
    unsafe self.base = base
    self.count = count
    unsafe base.initialize(repeating: 0, count: count)
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
