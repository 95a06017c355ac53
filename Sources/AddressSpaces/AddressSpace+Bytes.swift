internal import Machine
public import MemoryTypes
internal import PageTables
internal import PhysicalMemory

/// Single bytes of a program's memory, as the kernel reads and writes them.
extension AddressSpace {
  /// The byte that a present page has at an address; nil where there is none.
  public func byte(at address: VirtualAddress) -> UInt8? {
    guard services.pointee.hasContents, let leaf = tables.leaf(at: pageSize.roundDown(address))
    else { return nil }
    let pages = services.pointee.pages
    // SAFETY: as in `store`.
    return unsafe pages.pointee.pointer(to: pages.pointee.page(of: leaf.frame)).load(
      fromByteOffset: Int(address.rawValue & pageSize.offsetMask), as: UInt8.self)
  }

  /// Reads a byte as the kernel does on behalf of the program: pages come by faults, which count.
  ///
  /// - Throws: what a read of the program would meet.
  ///
  /// Linux: `copy_from_user()`.
  public mutating func load(at address: VirtualAddress) throws(FaultError) -> UInt8 {
    if tables.leaf(at: pageSize.roundDown(address))?.attributes.contains(.read) != true {
      try handleFault(at: address, .read)
    }
    return byte(at: address) ?? 0
  }

  /// Stores a byte as the kernel does on behalf of the program: pages come by faults, which count.
  ///
  /// - Throws: what a write of the program would meet.
  ///
  /// Linux: `copy_to_user()`, `clear_user()`.
  public mutating func store(_ byte: UInt8, at address: VirtualAddress) throws(FaultError) {
    let page = pageSize.roundDown(address)
    if tables.leaf(at: page)?.attributes.contains(.write) != true {
      try handleFault(at: address, .write)
    }
    guard services.pointee.hasContents, let leaf = tables.leaf(at: page) else { return }
    let pages = services.pointee.pages
    let descriptor = pages.pointee.page(of: leaf.frame)
    // SAFETY: the offset within a page stays inside it.
    unsafe pages.pointee.pointer(to: descriptor).storeBytes(
      of: byte, toByteOffset: Int(address.rawValue & pageSize.offsetMask), as: UInt8.self)
  }
}
