internal import Machine
internal import MemoryTypes
internal import PageTables
internal import PhysicalMemory

extension AddressSpace {
  /// Traps with a message when an invariant does not hold. O(VMAs + leaves).
  public func checkInvariants() {
    vmas.checkInvariants()
    var sums = AreaAccounts()
    var area = vmas.first
    while let vma = area {
      check(vma)
      count(vma, in: &sums)
      area = vmas.next(vma)
    }
    precondition(sums.total == accounts.total, "total pages are those of the VMAs")
    precondition(sums.data == accounts.data, "data pages are those of the VMAs")
    precondition(sums.code == accounts.code, "code pages are those of the VMAs")
    precondition(sums.stack == accounts.stack, "stack pages are those of the VMAs")
    precondition(
      sums.locked + accounts.orphanedLocks == accounts.locked, "locked pages are those of the VMAs")
    checkLeaves()
  }

  private func check(_ vma: Ref<VMA>) {
    let area = vma.pointee
    precondition(area.start < area.end, "a VMA is not empty")
    precondition(
      pageSize.isAligned(area.start) && pageSize.isAligned(area.end), "a VMA is page-aligned")
    precondition(area.end <= layout.taskSize, "a VMA lies below the task size")
    precondition(area.anonVMA.map { $0.pointee.members > 0 } ?? true, "a family has members")
    precondition(area.file.map { $0.pointee.references > 0 } ?? true, "a mapped file is held")
    precondition(isLinked(vma), "a file knows its mappings")
  }

  /// Whether the tree of its file finds it where it shows a page.
  private func isLinked(_ vma: Ref<VMA>) -> Bool {
    guard let file = vma.pointee.file else { return true }
    let first = vma.pointee.pageOffset
    let last = vma.pointee.pageOffset(of: vma.pointee.end, pageSize) &- 1
    guard vma.pointee.lastPageOffset == last else { return false }
    var candidate = file.pointee.mappings.firstOverlap(first, through: last)
    while let found = candidate, found != vma {
      candidate = file.pointee.mappings.nextOverlap(after: found, first, through: last)
    }
    return candidate == vma
  }

  private func count(_ vma: Ref<VMA>, in sums: inout AreaAccounts) {
    let pages = pageCount(vma.pointee.range)
    let flags = vma.pointee.flags
    sums.total += pages
    if flags.isCode {
      sums.code += pages
    } else if flags.isStack {
      sums.stack += pages
    } else if flags.isData {
      sums.data += pages
    }
    if flags.contains(.locked) { sums.locked += pages }
  }

  /// Every leaf lies in a VMA that allows it, and the residence counts are those of the leaves.
  private func checkLeaves() {
    var counted = ResidentCounts()
    let zeroPage = services.pointee.zeroPage
    tables.forEachLeaf(in: VirtualRange(VirtualAddress(0), layout.taskSize)) { address, leaf in
      guard let vma = vmas.vma(at: address) else {
        preconditionFailure("a leaf lies in a VMA")
      }
      precondition(
        !leaf.attributes.contains(.write) || vma.pointee.flags.contains(.write),
        "a writable leaf lies in a writable VMA")
      let page = services.pointee.pages.pointee.page(of: leaf.frame)
      if page == zeroPage { return }
      if page.pointee.isAnonymous {
        counted.anonymous += PageCount(1)
      } else if vma.pointee.file?.pointee.kind == .sharedMemory {
        counted.shared += PageCount(1)
      } else {
        counted.file += PageCount(1)
      }
    }
    precondition(counted.anonymous == resident.anonymous, "anonymous pages are those mapped")
    precondition(counted.file == resident.file, "file pages are those mapped")
    precondition(counted.shared == resident.shared, "shared pages are those mapped")
  }
}

extension VMATree {
  /// Traps unless tree and list hold the same VMAs in order and the gaps are right. O(VMAs).
  public func checkInvariants() {
    tree.checkInvariants()
    list.checkInvariants()
    var area = list.first
    var node = tree.first
    var end = VirtualAddress(0)
    while let vma = area {
      precondition(vma == node, "tree and list agree")
      precondition(vma.pointee.start >= end, "VMAs do not overlap")
      end = vma.pointee.end
      area = list.next(after: vma)
      node = tree.successor(of: vma)
    }
    precondition(node == nil, "tree and list end together")
  }

  /// VMAs on the longest way from the root down. O(VMAs).
  public var depth: Int { depth(below: tree.root) }

  private func depth(below node: Ref<VMA>?) -> Int {
    guard let node else { return 0 }
    return 1 + max(depth(below: tree.left(of: node)), depth(below: tree.right(of: node)))
  }
}
