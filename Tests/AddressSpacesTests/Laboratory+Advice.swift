import AddressSpaces
import MemoryTypes
import PageTables

/// Advice and locks, in pages from the base.
extension Laboratory {
  func advise(_ range: Range<Int>, _ advice: Advice) throws(MapError) {
    try advise(range, number: advice.rawValue)
  }

  func advise(_ range: Range<Int>, number: Int32) throws(MapError) {
    defer { flush() }
    try space.madvise(address(range.lowerBound), bytes(range.count), number) { settle($0) }
  }

  /// There is one space here, and it is flushed after each call.
  private func settle(_ space: Ref<AddressSpace>) { flush() }

  func lock(_ range: Range<Int>, onFault: Bool = false) throws(MapError) {
    defer { flush() }
    try space.pointee.mlock(address(range.lowerBound), bytes(range.count), onFault: onFault)
  }

  func unlock(_ range: Range<Int>) throws(MapError) {
    defer { flush() }
    try space.pointee.munlock(address(range.lowerBound), bytes(range.count))
  }

  func lockAll(_ flags: LockFlags) throws(MapError) {
    defer { flush() }
    try space.pointee.mlockall(flags)
  }

  func synchronize(_ range: Range<Int>, _ flags: SynchronizeFlags) throws(MapError) {
    defer { flush() }
    try space.msync(address(range.lowerBound), bytes(range.count), flags) { settle($0) }
  }

  /// `1` for a page in memory, `0` for another, until a hole.
  func residence(_ range: Range<Int>) throws(MapError) -> String {
    var text = ""
    try space.pointee.mincore(address(range.lowerBound), bytes(range.count)) {
      text += $0 ? "1" : "0"
    }
    return text
  }

  /// The flags of the area at a page, as smaps has them.
  func flags(_ page: Int) -> String {
    var names: [String] = []
    space.pointee.vmas.vma(at: address(page))?.pointee.flags.forEachName(KernelRules(.v6_18)) {
      names.append("\($0)")
    }
    return names.joined(separator: " ")
  }

  /// Whether a page is mapped, without the page cache.
  func isMapped(_ page: Int) -> Bool { space.pointee.tables.leaf(at: address(page)) != nil }

  var locked: UInt { space.pointee.accounts.locked.rawValue }

  func name(_ range: Range<Int>, _ text: String?) throws(MapError) {
    defer { flush() }
    let name: AreaName?
    if let text {
      let bytes = Array(text.utf8)
      guard let valid = AreaName(bytes.span) else { throw .invalidArgument }
      name = valid
    } else {
      name = nil
    }
    try space.pointee.setName(address(range.lowerBound), bytes(range.count), name)
  }
}
