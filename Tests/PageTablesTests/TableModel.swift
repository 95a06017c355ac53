import Machine
import MemoryTypes
import PageTables

/// What the tables must say, as a dictionary of pages: no levels, no cleverness.
struct TableModel {
  struct Entry: Equatable {
    var frame: PageFrameNumber
    var attributes: LeafAttributes
  }

  let format: TranslationFormat
  /// By page number.
  var pages: [UInt: Entry] = [:]

  /// The pages from `first` on that `count` covers, short of the end of the addresses.
  func mapped(_ first: UInt, _ count: UInt) -> [UInt] {
    (0..<count).compactMap { offset in
      let (page, isOver) = first.addingReportingOverflow(offset)
      return !isOver && pages[page] != nil ? page : nil
    }
  }

  /// The tables of `level` that pages need: blocks of the level above with a page in them.
  func tableCount(of level: TranslationLevel) -> UInt {
    guard level < format.root else { return 1 }
    let shift = format.shift(of: level.above) - UInt(format.pageSize.shift)
    return UInt(Set(pages.keys.map { $0 >> shift }).count)
  }

  /// The level at which a walk for a page that is not there ends.
  func missingLevel(_ page: UInt) -> TranslationLevel {
    var level = TranslationLevel.pte
    while level < format.root {
      let shift = format.shift(of: level.above) - UInt(format.pageSize.shift)
      if pages.keys.contains(where: { $0 >> shift == page >> shift }) { return level }
      level = level.above
    }
    return level
  }

  /// The fault that an access must meet; nil after noting what hardware marks.
  mutating func access(
    _ page: UInt, _ access: MemoryAccess, _ privilege: Privilege
  ) -> (MMUFault.Kind, TranslationLevel)? {
    guard let entry = pages[page] else { return (.translation, missingLevel(page)) }
    let held = entry.attributes
    guard held.contains(.read) else { return (.translation, .pte) }
    let isUser = held.contains(.user)
    let isReadable = isUser || privilege == .kernel
    let isAllowed =
      switch access {
      case .read: isReadable
      case .write: isReadable && held.contains(.write)
      case .execute:
        privilege == .user ? held.contains(.execute) : held.contains(.kernelExecute) && !isUser
      }
    guard isAllowed else { return (.permission, .pte) }
    pages[page]?.attributes.insert(.accessed)
    if access == .write { pages[page]?.attributes.insert(.dirty) }
    return nil
  }
}
