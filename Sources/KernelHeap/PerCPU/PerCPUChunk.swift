internal import MemoryTypes
internal import PhysicalMemory

/// One unit's worth of addresses for every processor, and what of it is in use.
///
/// It stands, with its maps, in frames of its own. All but `base` and the maps' places changes
/// under the allocator's lock. Linux: `struct pcpu_chunk`.
@safe
struct PerCPUChunk: ~Copyable {
  let kind: PerCPUChunkKind
  /// Where the first page of the chunk stands for the first processor.
  let base: UInt
  /// The bits that are the chunk's: the others are in use for ever.
  let area: Range<Int>
  /// Set for each bit in use. Linux: `alloc_map`.
  let used: Bitmap
  /// Set where an area starts, and where the last one before free bits ends. Linux: `bound_map`.
  let bounds: Bitmap
  /// Set for each page that has frames. Linux: `populated`.
  let populated: Bitmap
  /// A hint for each page. Linux: `md_blocks`.
  let hints: UnsafeMutablePointer<PerCPUHint>
  let bitsPerPage: Int
  /// The order of the block of frames that all this stands in.
  let order: Order
  /// Where the frames of a chunk that needs no addresses begin: a block, which goes back whole.
  let block: Ref<Page>?
  /// Of the whole chunk. Linux: `chunk_md`.
  var hint: PerCPUHint
  var freeBits: Int
  var slot = 0
  /// Linux: `nr_populated`.
  var populatedCount = 0
  /// Pages that have frames and nothing in them. Linux: `nr_empty_pop_pages`.
  var emptyPopulatedCount = 0
  /// Taken out of the slots to lose its empty pages. Linux: `isolated`.
  var isIsolated = false
  var allocationCount: UInt = 0
  var largestAllocation: UInt = 0
  var link = ListLink<PerCPUChunk>()
  var linkOfAll = ListLink<PerCPUChunk>()

  var pageCount: Int { populated.count }

  /// Whether the chunk can go. Linux: `immutable`, inverted.
  var isDynamic: Bool { kind == .dynamic }

  /// Whether nothing is allocated in it.
  var isUnused: Bool { freeBits == area.count }

  /// The bits of the map.
  var capacity: Int { used.count }

  func page(ofBit bit: Int) -> Int { bit / bitsPerPage }

  func bits(ofPage page: Int) -> Range<Int> {
    page &* bitsPerPage..<(page &+ 1) &* bitsPerPage
  }

  /// The pages that have a byte of `bits`.
  func pages(of bits: Range<Int>) -> Range<Int> {
    bits.lowerBound / bitsPerPage..<(bits.upperBound &+ bitsPerPage &- 1) / bitsPerPage
  }

  @inline(__always)
  func hint(ofPage page: Int) -> PerCPUHint {
    precondition(UInt(bitPattern: page) < UInt(bitPattern: pageCount), "no such page of a chunk")
    return unsafe hints[page]
  }

  @inline(__always)
  func setHint(ofPage page: Int, _ hint: PerCPUHint) {
    precondition(UInt(bitPattern: page) < UInt(bitPattern: pageCount), "no such page of a chunk")
    unsafe hints[page] = hint
  }

  /// The bit of the byte at `address` of the first processor; nil when that is not the chunk's.
  func bit(at address: UInt) -> Int? {
    let bit = Int(truncatingIfNeeded: (address &- base) / UInt(PerCPUUnits.bytes))
    return address >= base && area.contains(bit) ? bit : nil
  }
}

/// Which of the areas of the layout a chunk serves.
enum PerCPUChunkKind: UInt8 {
  /// The reserved area of the first units.
  case reserved
  /// The dynamic area of the first units.
  case first
  case dynamic
}

/// A size in units of 4 bytes. Linux: `PCPU_MIN_ALLOC_SIZE`.
enum PerCPUUnits {
  static var bytes: Int { 4 }
}

enum PerCPUChunkLinking: ListLinking {
  static func link(of chunk: Ref<PerCPUChunk>) -> Ref<ListLink<PerCPUChunk>> {
    // SAFETY: the link lives in the chunk, which leaves its slot before it goes.
    unsafe Ref(&chunk.pointee.link)
  }
}

enum PerCPUAllLinking: ListLinking {
  static func link(of chunk: Ref<PerCPUChunk>) -> Ref<ListLink<PerCPUChunk>> {
    // SAFETY: as above.
    unsafe Ref(&chunk.pointee.linkOfAll)
  }
}
