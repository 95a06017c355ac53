import MemoryTypes
import PhysicalMemory

/// Picks the memory out of a device tree's pieces.
///
/// Memory is what a child of the root with `device_type = "memory"` names in `reg`, unless its
/// `status` disables it; reserved are the children of `/reserved-memory` and the initial RAM disk
/// that `/chosen` names. A child without `reg` wants a place to be found for it. Nodes and their
/// distances are `numa-node-id` and `/distance-map`. Linux: `early_init_dt_scan_memory()`,
/// `fdt_scan_reserved_mem()`, `of_numa_init()`.
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
    var number: Int32?
    var matrix: FirmwareBytes?
    var wanted = WantedMemory()
    var places: FirmwareBytes?
  }

  private enum Branch { case reservedMemory, chosen, distanceMap, other }

  private var depth = 0
  private var branch = Branch.other
  private var rootCells = Cells()
  private var branchCells = Cells()
  private var node = Node()

  /// Takes the next piece; a node's ranges are told when its first child begins or it ends.
  mutating func take(
    _ token: DeviceTreeToken, _ body: (DeviceTreeFact) -> Void
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
    } else if name.beginsWith(text: "distance-map") {
      branch = .distanceMap
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
    } else if name.beginsWith(text: "numa-node-id") {
      node.number = value.bigEndian(at: 0, width: 4).flatMap { Int32(exactly: $0) }
    } else if name.beginsWith(text: "distance-matrix") {
      node.matrix = value
    } else {
      takeWish(name, value)
    }
  }

  /// What a reserved child without an address says about the place it wants.
  private mutating func takeWish(_ name: FirmwareBytes, _ value: FirmwareBytes) {
    if name.beginsWith(text: "size") {
      node.wanted.size = value.bigEndian(at: 0, width: min(value.count, 8)) ?? 0
    } else if name.beginsWith(text: "alignment") {
      node.wanted.alignment = value.bigEndian(at: 0, width: min(value.count, 8)) ?? 0
    } else if name.beginsWith(text: "alloc-ranges") {
      node.places = value
    } else if name.beginsWith(text: "no-map") {
      node.wanted.isMapped = false
    } else if name.beginsWith(text: "reusable") {
      node.wanted.isReusable = true
    }
  }

  /// A node's cells speak about its children: the root's about nodes of depth 2.
  private mutating func changeCells(_ change: (inout Cells) -> Void) {
    if depth == 1 { change(&rootCells) }
    if depth == 2 { change(&branchCells) }
  }

  private mutating func finishNode(_ body: (DeviceTreeFact) -> Void) throws(FirmwareError) {
    let node = node
    self.node = Node()
    if depth == 2 && node.isMemory && !node.isDisabled {
      try tellRegisters(node.registers, rootCells) { body(.memory($0, node: node.number)) }
    } else if depth == 3 && branch == .reservedMemory && !node.isDisabled {
      try tellReserved(node, body)
    } else if depth == 2 && branch == .chosen, let start = node.diskStart, let end = node.diskEnd {
      let disk = PhysicalRange(PhysicalAddress(start), PhysicalAddress(end))
      if !disk.isEmpty { body(.reserved(disk, isMapped: true)) }
    } else if depth == 2 && branch == .distanceMap, let matrix = node.matrix {
      try tellDistances(matrix, body)
    }
  }

  private func tellReserved(
    _ node: Node, _ body: (DeviceTreeFact) -> Void
  ) throws(FirmwareError) {
    if let registers = node.registers {
      try tellRegisters(registers, branchCells) {
        body(.reserved($0, isMapped: node.wanted.isMapped))
      }
      return
    }
    var wanted = node.wanted
    guard wanted.size > 0 else { return }
    guard wanted.alignment & (wanted.alignment &- 1) == 0 else { throw .malformed }
    // Of several places it may have, the first: later ones are for when that is full.
    try tellRegisters(node.places, branchCells) { place in
      wanted.place = wanted.place ?? place
    }
    body(.wanted(wanted))
  }

  /// Triples of two nodes and what lies between them.
  private func tellDistances(
    _ matrix: FirmwareBytes, _ body: (DeviceTreeFact) -> Void
  ) throws(FirmwareError) {
    guard matrix.count % 12 == 0 else { throw .malformed }
    var offset: UInt64 = 0
    while let from = matrix.bigEndian(at: offset, width: 4),
      let to = matrix.bigEndian(at: offset + 4, width: 4),
      let value = matrix.bigEndian(at: offset + 8, width: 4)
    {
      guard let from = Int32(exactly: from), let to = Int32(exactly: to) else { throw .malformed }
      guard from == to ? value == 10 : value > 10 else { throw .malformed }
      body(.distance(from: from, to: to, value))
      offset += 12
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
