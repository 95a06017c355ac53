import MemoryTypes
import PhysicalMemory

/// Picks the memory out of a device tree's pieces.
///
/// Memory is what a child of the root with `device_type = "memory"` names in `reg`, unless its
/// `status` disables it; reserved are the children of `/reserved-memory` and the initial RAM disk
/// that `/chosen` names. Linux: `early_init_dt_scan_memory()`, `fdt_scan_reserved_mem()`.
struct DeviceTreeMemoryScan {
  /// How many 32-bit cells an address and a size take in the `reg` of a node's children.
  private struct Cells {
    var address: UInt64 = 2
    var size: UInt64 = 1
  }

  /// What the properties of the node being read have said so far.
  private struct Node {
    var isMemory = false
    var isDisabled = false
    var registers: FirmwareBytes?
    var diskStart: UInt64?
    var diskEnd: UInt64?
  }

  private enum Branch { case reservedMemory, chosen, other }

  private var depth = 0
  private var branch = Branch.other
  private var rootCells = Cells()
  private var branchCells = Cells()
  private var node = Node()

  /// Takes the next piece; a node's ranges are told when its first child begins or it ends.
  mutating func take(
    _ token: DeviceTreeToken, _ body: (PhysicalRange, FirmwareMemory) -> Void
  ) throws(FirmwareError) {
    switch token {
    case .begin(let name):
      try finishNode(body)
      depth += 1
      if depth == 2 { enterBranch(name) }
    case .end:
      try finishNode(body)
      depth -= 1
    case .property(let name, let value):
      takeProperty(name, value)
    }
  }

  private mutating func enterBranch(_ name: FirmwareBytes) {
    branchCells = Cells()
    if name.beginsWith(text: "reserved-memory") {
      branch = .reservedMemory
    } else {
      branch = name.beginsWith(text: "chosen") ? .chosen : .other
    }
  }

  private mutating func takeProperty(_ name: FirmwareBytes, _ value: FirmwareBytes) {
    if name.beginsWith(text: "reg") {
      node.registers = value
    } else if name.beginsWith(text: "device_type") {
      node.isMemory = value.beginsWith(text: "memory")
    } else if name.beginsWith(text: "status") {
      node.isDisabled = !value.beginsWith(text: "okay") && !value.beginsWith(text: "ok")
    } else if name.beginsWith(text: "#address-cells") {
      changeCells { $0.address = value.bigEndian(at: 0, width: 4) ?? .max }
    } else if name.beginsWith(text: "#size-cells") {
      changeCells { $0.size = value.bigEndian(at: 0, width: 4) ?? .max }
    } else if name.beginsWith(text: "linux,initrd-start") {
      node.diskStart = value.bigEndian(at: 0, width: min(value.count, 8))
    } else if name.beginsWith(text: "linux,initrd-end") {
      node.diskEnd = value.bigEndian(at: 0, width: min(value.count, 8))
    }
  }

  /// A node's cells speak about its children: the root's about nodes of depth 2.
  private mutating func changeCells(_ change: (inout Cells) -> Void) {
    if depth == 1 { change(&rootCells) }
    if depth == 2 { change(&branchCells) }
  }

  private mutating func finishNode(
    _ body: (PhysicalRange, FirmwareMemory) -> Void
  ) throws(FirmwareError) {
    let node = node
    self.node = Node()
    if depth == 2 && node.isMemory && !node.isDisabled {
      try tellRegisters(node.registers, rootCells) { body($0, .usable) }
    } else if depth == 3 && branch == .reservedMemory && !node.isDisabled {
      try tellRegisters(node.registers, branchCells) { body($0, .reserved) }
    } else if depth == 2 && branch == .chosen, let start = node.diskStart, let end = node.diskEnd {
      let disk = PhysicalRange(PhysicalAddress(start), PhysicalAddress(end))
      if !disk.isEmpty { body(disk, .reserved) }
    }
  }

  private func tellRegisters(
    _ registers: FirmwareBytes?, _ cells: Cells, _ body: (PhysicalRange) -> Void
  ) throws(FirmwareError) {
    guard let registers else { return }
    guard 1...2 ~= cells.address, 1...2 ~= cells.size else { throw .malformed }
    let address = 4 * cells.address
    let size = 4 * cells.size
    var offset: UInt64 = 0
    while let start = registers.bigEndian(at: offset, width: address),
      let count = registers.bigEndian(at: offset + address, width: size)
    {
      if count > 0 { body(PhysicalRange(PhysicalAddress(start), count: count)) }
      offset += address + size
    }
  }
}
