import Machine
import MemoryTypes
import PageTables

extension TableTrial {
  /// Whether `leaf` says what the model does; marks may be more than the model knows of.
  static func matches(_ leaf: Leaf?, _ page: ModelPage?) -> Bool {
    guard case .mapped(let frame, let held, let marks)? = page else { return leaf == nil }
    guard let leaf else { return false }
    let apart: LeafAttributes = [.accessed, .dirty, .contiguous]
    return leaf.frame.rawValue == frame && leaf.attributes.isSuperset(of: marks)
      && leaf.attributes.subtracting(apart) == held.subtracting(apart)
  }

  /// Compares what the walker and the tables say of one page with the model.
  func compare(_ page: UInt) throws(Disagreement) {
    let address = address(page)
    let expected = model.page(page)
    let leaf = tables.leaf(at: address)
    guard Self.matches(leaf, expected) else {
      throw Disagreement("page \(page) is \(leaf as Any), but the model has \(expected as Any)")
    }
    let walk = tables.walk(address)
    if case .software(let entry)? = expected {
      try agree(tables.softwareEntry(at: address), entry, "software entry of \(page)")
      return try agree(walk.outcome, .software, "walk to \(page)")
    }
    guard let leaf else {
      try agree(tables.physicalAddress(of: address), nil, "address behind \(page)")
      return try agree(walk.outcome, .empty, "walk to \(page)")
    }
    let admits = leaf.attributes.contains(.read)
    try agree(walk.outcome, admits ? .leaf : .inaccessible, "walk to \(page)")
    let inside = address.rawValue & (format.span(of: walk.level).rawValue - 1)
    let block = format.blockAddress(in: walk.descriptor, at: walk.level).rawValue
    let physical = PhysicalAddress(block | UInt64(inside))
    try agree(format.pageSize.frame(of: physical), leaf.frame, "frame behind \(page)")
    try agree(tables.physicalAddress(of: address), admits ? physical : nil, "address of \(page)")
    let effective = format.effectiveAttributes(of: walk).union(leaf.attributes.intersection(.marks))
    if admits { try agree(effective, leaf.attributes, "permissions of \(page)") }
  }

  /// Compares everything.
  public func check() throws(Disagreement) {
    tables.checkInvariants()
    try agree(UInt(pool.liveCount), tables.tableCount.rawValue, "frames out")
    for block in model.blocks.keys {
      try compare(block.first)
      try compare(block.last)
    }
    var pages: UInt = 0
    var software: UInt = 0
    var previous: VirtualAddress?
    var isOrdered = true
    let format = format
    tables.forEachLeaf(in: geometry.everything) { address, leaf in
      pages += format.span(of: leaf.level).rawValue >> UInt(format.pageSize.shift)
      if let previous, previous >= address { isOrdered = false }
      previous = address
    }
    tables.forEachSoftwareEntry(in: geometry.everything) { _, _ in software += 1 }
    try agree(isOrdered, true, "leaves in order")
    try agree(pages, model.pageCount, "pages mapped")
    try agree(software, model.softwareCount, "software entries")
  }
}
