import Machine
import MemoryTypes

/// What one page is to the model.
enum ModelPage: Equatable {
  /// `marks` are those that must not be lost; the tables may show more, since hardware marks a
  /// larger leaf for all of its pages.
  case mapped(frame: UInt, LeafAttributes, marks: LeafAttributes)
  case software(SoftwareEntry)
}

/// The model: what each page is, in dictionaries. No tables, no descriptors.
///
/// Memory that was mapped in one go may stand as one block, so that a gigabyte is not a quarter of
/// a million pages; blocks here have nothing to do with the leaves of the tables.
struct PageDictionary {
  /// A block of 2^shift pages, aligned.
  struct Block: Hashable {
    var shift: UInt
    var number: UInt
    var first: UInt { number << shift }
    var last: UInt { first | ((1 << shift) - 1) }
  }

  /// The block sizes, largest first; the last is a page.
  let shifts: [UInt]
  private(set) var blocks: [Block: ModelPage] = [:]

  init(_ format: TranslationFormat) {
    shifts = (0...min(format.root.rawValue, 2)).reversed().map {
      format.shift(of: TranslationLevel($0)) - UInt(format.pageSize.shift)
    }
  }

  /// What `page` is, nil for nothing.
  func page(_ page: UInt) -> ModelPage? {
    guard let block = block(with: page), let content = blocks[block] else { return nil }
    guard case .mapped(let frame, let attributes, let marks) = content else { return content }
    return .mapped(frame: frame + (page - block.first), attributes, marks: marks)
  }

  private func block(with page: UInt) -> Block? {
    for shift in shifts {
      let block = Block(shift: shift, number: page >> shift)
      if blocks[block] != nil { return block }
    }
    return nil
  }

  mutating func map(_ first: UInt, _ last: UInt, to frame: UInt, _ attributes: LeafAttributes) {
    remove(first, last)
    let marks = attributes.intersection(.marks)
    var page = first
    while true {
      let block = largest(at: page, last)
      blocks[block] = .mapped(frame: frame + (page - first), attributes, marks: marks)
      guard block.last < last else { return }
      page = block.last + 1
    }
  }

  private func largest(at page: UInt, _ last: UInt) -> Block {
    for shift in shifts where page & ((1 << shift) - 1) == 0 {
      let block = Block(shift: shift, number: page >> shift)
      if block.last <= last { return block }
    }
    return Block(shift: 0, number: page)
  }

  mutating func place(_ software: SoftwareEntry, at page: UInt) {
    remove(page, page)
    blocks[Block(shift: 0, number: page)] = .software(software)
  }

  mutating func remove(_ first: UInt, _ last: UInt) {
    for block in isolated(first, last) { blocks[block] = nil }
  }

  mutating func update(_ first: UInt, _ last: UInt, _ change: (ModelPage) -> ModelPage?) {
    for block in isolated(first, last) { blocks[block] = blocks[block].flatMap(change) }
  }

  /// The blocks of `first … last`, after cutting those that straddle its ends.
  private mutating func isolated(_ first: UInt, _ last: UInt) -> [Block] {
    cut(before: first)
    if last < UInt.max { cut(before: last + 1) }
    return blocks(first, last)
  }

  /// The blocks that lie in `first … last`.
  func blocks(_ first: UInt, _ last: UInt) -> [Block] {
    if last - first > UInt(blocks.count) {
      return blocks.keys.filter { $0.first >= first && $0.last <= last }
    }
    var result: [Block] = []
    var page = first
    while true {
      let found = block(with: page)
      if let found, found.first >= first, found.last <= last { result.append(found) }
      let end = found?.last ?? page
      guard end < last else { return result }
      page = end + 1
    }
  }

  private mutating func cut(before page: UInt) {
    while let block = block(with: page), block.first != page {
      guard let content = blocks.removeValue(forKey: block),
        let shift = shifts.first(where: { $0 < block.shift })
      else { return }
      for number in (block.first >> shift)...(block.last >> shift) {
        let part = Block(shift: shift, number: number)
        guard case .mapped(let frame, let attributes, let marks) = content else { continue }
        blocks[part] = .mapped(
          frame: frame + (part.first - block.first), attributes, marks: marks)
      }
    }
  }

  /// The blocks that share a page with `first … last`.
  func blocksAround(_ first: UInt, _ last: UInt) -> [Block] {
    if last - first > UInt(blocks.count) {
      return blocks.keys.filter { $0.last >= first && $0.first <= last }
    }
    var result: [Block] = []
    var page = first
    while true {
      let found = block(with: page)
      if let found { result.append(found) }
      let end = found?.last ?? page
      guard end < last else { return result }
      page = end + 1
    }
  }

  /// The last page of the block with `page`; `page` itself if it is nothing.
  func lastOfBlock(_ page: UInt) -> UInt { block(with: page)?.last ?? page }

  var pageCount: UInt {
    blocks.reduce(0) { sum, entry in
      if case .software = entry.value { return sum }
      return sum + (1 << entry.key.shift)
    }
  }

  var softwareCount: UInt {
    blocks.values.reduce(0) { sum, page in
      if case .software = page { return sum + 1 }
      return sum
    }
  }
}
