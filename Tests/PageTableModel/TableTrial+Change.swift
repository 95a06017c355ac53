import Machine
import MemoryTypes
import PageTables

extension TableTrial {
  func protect(
    _ first: UInt, _ last: UInt, _ attributes: LeafAttributes
  ) throws(Disagreement) {
    guard try isolate(first, last) else { return }
    let flags = attributes.subtracting(.marks)
    tables.protect(range(first, last), breaking: breaking) { old in
      flags.union(old.intersection([.accessed, .dirty, .contiguous]))
    }
    let plain = plain(flags)
    model.update(first, last) { page in
      guard case .mapped(let frame, _, let marks) = page else { return page }
      return .mapped(frame: frame, plain.union(marks), marks: marks)
    }
    try compare(first)
    try compare(last)
  }

  /// What hardware does at an access: the leaf it walks to gets the marks.
  func touch(_ page: UInt, _ isWrite: Bool) throws(Disagreement) {
    let walk = tables.walk(address(page))
    let isAllowed = !isWrite || format.effectiveAttributes(of: walk).contains(.write)
    if walk.outcome == .leaf, isAllowed {
      let marked = format.marking(walk.descriptor, isWrite: isWrite)
      format.store(marked, at: walk.entry, in: pool.directMap)
    }
    if case .mapped(let frame, let held, let marks) = model.page(page), held.contains(.read) {
      try agree(isAllowed, !isWrite || held.contains(.write), "may write \(page)")
      guard isAllowed else { return }
      let new = marks.union(isWrite ? .marks : .accessed)
      if new != marks {
        model.update(page, page) { _ in .mapped(frame: frame, held.union(new), marks: new) }
      }
    } else {
      try agree(walk.outcome == .leaf, false, "page \(page) translates")
    }
    try compare(page)
  }

  func split(_ page: UInt) throws(Disagreement) {
    let level = tables.leaf(at: address(page))?.level
    let done = try attempt { () throws(AllocationError) in
      try tables.split(address(page), breaking: breaking)
    }
    if done, let level, level > .pte {
      try agree(tables.leaf(at: address(page))?.level, level.below, "level after a split")
    }
    try compare(page)
  }

  func collapse(_ page: UInt, _ level: TranslationLevel) throws(Disagreement) {
    guard level <= format.root else { return }
    let before = tables.leaf(at: address(page))?.level
    let done = tables.collapse(address(page), to: level, breaking: breaking)
    let pages = format.span(of: level).rawValue >> UInt(format.pageSize.shift)
    let first = page & ~(pages - 1)
    if done {
      try agree(tables.leaf(at: address(page))?.level, level, "level after a collapse")
      try agree(isUniform(first, first + (pages - 1)), true, "a uniform block collapsed")
    } else if level == .pmd, before == .pte, format.mayHoldLeaf(.pmd) {
      try agree(isUniform(first, first + (pages - 1)), false, "a uniform block stayed")
    }
    for page in [first, page, first + (pages - 1)] { try compare(page) }
  }

  func fold(_ page: UInt, _ level: TranslationLevel) throws(Disagreement) {
    guard level <= format.root else { return }
    let before = tables.leaf(at: address(page))?.level
    let done = tables.fold(address(page), at: level, breaking: breaking)
    let shift = format.contiguousShift(of: level)
    guard shift != 0, before == level else { return try agree(done, false, "folded") }
    let pages = format.groupSpan(of: level).rawValue >> UInt(format.pageSize.shift)
    let first = page & ~(pages - 1)
    let last = first + (pages - 1)
    // A block that the model says is uniform may be made of smaller leaves in part.
    if done || level == .pte { try agree(done, isUniform(first, last), "folded") }
    if done {
      let attributes = tables.leaf(at: address(last))?.attributes
      try agree(attributes?.contains(.contiguous), true, "contiguous")
    }
    for page in [first, page, last] { try compare(page) }
  }

  /// Whether all pages of an aligned block have successive frames from an aligned one on, and the
  /// same attributes, which let somebody in.
  private func isUniform(_ first: UInt, _ last: UInt) -> Bool {
    guard case .mapped(let frame, let held, let marks)? = model.page(first),
      held.contains(.read), frame & (last - first) == 0
    else { return false }
    let plain = held.subtracting(marks)
    var page = first
    while true {
      guard case .mapped(let next, let other, let marks)? = model.page(page),
        next == frame + (page - first), other.subtracting(marks) == plain
      else { return false }
      page = model.lastOfBlock(page)
      guard page < last else { return true }
      page += 1
    }
  }
}
