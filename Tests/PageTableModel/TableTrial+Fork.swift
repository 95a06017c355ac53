import Machine
import MemoryTypes
import PageTables

extension TableTrial {
  /// Copies pages as a fork does, compares the child, and ends it.
  func fork(_ first: UInt, _ last: UInt) throws(Disagreement) {
    guard try isolate(first, last) else { return }
    guard var child = try? PageTable(format: format, pages: PooledFrames(pool)) else {
      return pool.plan = .none
    }
    let done: Bool
    let before = (parent: tables.counts, child: child.counts)
    do {
      try tables.copy(range(first, last), to: &child, breaking: breaking) { _, leaf in
        guard !leaf.attributes.contains(.special) else { return nil }
        let readOnly = leaf.attributes.subtracting(.write)
        return (readOnly, readOnly.subtracting(.accessed))
      }
      done = true
    } catch {
      refusals += 1
      done = false
      try agree(tables.counts, before.parent, "the parent's tables after a failure")
      try agree(child.counts, before.child, "the child's tables after a failure")
    }
    if done { try checkChild(child, first, last) }
    child.destroy()
    try agree(UInt(pool.liveCount), tables.tableCount.rawValue, "frames after the child's end")
    guard done else { return try compare(first) }
    noteFork(first, last)
    try compare(first)
    try compare(last)
  }

  private func checkChild(
    _ child: borrowing PageTable<PooledFrames>, _ first: UInt, _ last: UInt
  ) throws(Disagreement) {
    child.checkInvariants()
    var page = first
    while true {
      if let leaf = child.leaf(at: address(page)) {
        try agree(leaf.attributes.contains(.write), false, "the child may write \(page)")
        guard case .mapped(let frame, let held, _)? = model.page(page) else {
          throw Disagreement("the child has page \(page)")
        }
        try agree(leaf.frame.rawValue, frame, "the child's frame of \(page)")
        try agree(leaf.attributes.contains(.execute), held.contains(.execute), "execute \(page)")
      } else if case .mapped(_, let held, _)? = model.page(page) {
        try agree(held.contains(.special), true, "the child lacks \(page)")
      }
      page = model.lastOfBlock(page)
      guard page < last else { return }
      page += 1
    }
  }

  private func noteFork(_ first: UInt, _ last: UInt) {
    let format = format
    model.update(first, last) { page in
      switch page {
      case .mapped(_, let held, _) where held.contains(.special): return page
      case .mapped(let frame, let held, let marks):
        let readOnly = format.normalized(held.subtracting(.write))
        return .mapped(frame: frame, readOnly, marks: marks)
      case .software(.swap(var entry)):
        entry.isExclusive = false
        return .software(.swap(entry))
      case .software(.migration(var entry)):
        entry.isWritable = false
        entry.isExclusive = false
        return .software(.migration(entry))
      case .software(.guardMarker): return page
      }
    }
  }
}
