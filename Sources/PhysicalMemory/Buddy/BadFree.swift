internal import MemoryTypes

/// The mistakes of a caller that frees what is not his: each ends the machine with one line.
///
/// A wrong free makes one frame two owners' memory, and what breaks then is far from the cause.
/// Linux: `bad_page()`, `free_page_is_bad()`, mm/page_alloc.c.
enum BadFree {
  /// Names the mistake that the state, the order or the flags of the page show.
  @inline(never)
  static func trap(_ page: Ref<Page>) -> Never {
    if page.pointee.flags.contains(.perCPU) {
      fatalError("freed twice: a processor keeps the block")
    }
    if page.pointee.state == .allocated {
      fatalError("freed with another order than it was allocated with")
    }
    if page.pointee.state == .free { fatalError("freed twice: the block is free") }
    let flags = page.pointee.flags
    if flags.contains(.reserved) { fatalError("freed a reserved frame") }
    if flags.contains(.tail) { fatalError("freed the tail of a compound block") }
    fatalError("freed a frame inside a block: freed twice, or not the start of an allocation")
  }

  @inline(never)
  static func trapForeign() -> Never {
    fatalError("freed a page that is not of this allocator")
  }

  @inline(never)
  static func trapMapped() -> Never {
    fatalError("freed a frame that page tables still map")
  }
}
