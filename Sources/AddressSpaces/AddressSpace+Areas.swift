internal import KernelHeap
internal import MemoryTypes

/// Making, splitting and removing VMA objects; what they refer to is counted here.
extension AddressSpace {
  /// A new VMA in the tree, holding its file.
  ///
  /// - Throws: `outOfMemory` when no slab object is to be had; nothing has changed then.
  mutating func addArea(_ area: VMA) throws(MapError) -> Ref<VMA> {
    let vma = try makeArea(area)
    insertArea(vma)
    return vma
  }

  /// A VMA object that is in no tree and holds nothing yet.
  func makeArea(_ area: VMA) throws(MapError) -> Ref<VMA> {
    do { return try services.pointee.vmas.allocate(area) } catch { throw .outOfMemory }
  }

  /// Puts a made object into the tree and lets it hold its file.
  mutating func insertArea(_ vma: Ref<VMA>) {
    vma.pointee.file?.pointee.references += 1
    // SAFETY: a space stands at one place from when it has areas until it is destroyed.
    vma.pointee.space = unsafe Ref(&self)
    vmas.insert(vma)
    linkToFile(vma)
  }

  /// Takes a VMA out of the tree, lets go of what it refers to and frees it.
  mutating func removeArea(_ vma: Ref<VMA>) {
    vmas.remove(vma)
    unlinkFromFile(vma)
    leaveFamily(vma)
    if let file = vma.pointee.file { services.release(file, into: &batch) }
    services.release(vma.pointee.name)
    services.pointee.vmas.free(vma)
  }

  /// Cuts a VMA in two at a page border inside it.
  ///
  /// - Returns: The upper part; the given VMA keeps the lower one.
  /// - Throws: `outOfMemory` when there is no slab object or the VMA count is at its limit (unless
  ///   `ignoringLimit`: an unmapping may go one above it for a moment); nothing has changed then.
  ///
  /// Linux: `split_vma()`, `__split_vma()`, mm/vma.c.
  @discardableResult
  mutating func split(
    _ vma: Ref<VMA>, at address: VirtualAddress, ignoringLimit: Bool = false
  ) throws(MapError) -> Ref<VMA> {
    guard ignoringLimit || vmas.count < limits.maximumVMAs else { throw .outOfMemory }
    guard vma.pointee.special == .none, isBorder(address, of: vma) else { throw .invalidArgument }
    var upper = vma.pointee
    upper.range = VirtualRange(address, vma.pointee.end)
    upper.pageOffset = vma.pointee.pageOffset(of: address, pageSize)
    upper.treeLink = TreeLink()
    upper.listLink = ListLink()
    upper.fileLink = IntervalLink()

    let object = try makeArea(upper)
    upper.anonVMA?.pointee.members += 1
    upper.name?.pointee.references += 1
    setRange(vma, VirtualRange(vma.pointee.start, address))
    insertArea(object)
    return object
  }

  /// Whether a VMA can be cut there: huge pages stay whole. Linux: `hugetlb_vm_op_split()`.
  private func isBorder(_ address: VirtualAddress, of vma: Ref<VMA>) -> Bool {
    guard let file = vma.pointee.file else { return true }
    return address.rawValue & (file.pointee.blockSize.rawValue &- 1) == 0
  }

  /// Makes sure that a VMA which is about to get an anonymous page has a family: a neighbour's when
  /// the two could be merged, else a new one.
  ///
  /// - Throws: `outOfMemory` when there is no slab object.
  ///
  /// Linux: `__anon_vma_prepare()`, `find_mergeable_anon_vma()`, mm/rmap.c and mm/vma.c.
  mutating func prepareFamily(_ vma: Ref<VMA>) throws(MapError) {
    guard vma.pointee.anonVMA == nil else { return }
    if let family = reusableFamily(vma) { return join(vma, family, inherited: false) }
    let family: Ref<AnonVMA>
    do { family = try services.pointee.anonVMAs.allocate(AnonVMA()) } catch { throw .outOfMemory }
    join(vma, family, inherited: false)
  }

  /// Makes a VMA a member of a family.
  func join(_ vma: Ref<VMA>, _ family: Ref<AnonVMA>, inherited: Bool) {
    vma.pointee.anonVMA = family
    vma.pointee.hasInheritedPages = inherited
    family.pointee.members += 1
  }

  /// The last member frees the family, and with it ancestors that lived for its sake only.
  ///
  /// Linux: `unlink_anon_vmas()`, mm/rmap.c.
  func leaveFamily(_ vma: Ref<VMA>) {
    guard let family = vma.pointee.anonVMA else { return }
    vma.pointee.anonVMA = nil
    family.pointee.members -= 1
    var candidate: Ref<AnonVMA>? = family
    while let family = candidate, family.pointee.members == 0, family.pointee.children == 0 {
      candidate = family.pointee.parent
      candidate?.pointee.children -= 1
      services.pointee.anonVMAs.free(family)
    }
  }

  /// The next VMA's family is tried first, then the previous one's.
  private func reusableFamily(_ vma: Ref<VMA>) -> Ref<AnonVMA>? {
    if let next = vmas.next(vma), couldShareFamily(vma, next), let family = ownFamily(next) {
      return family
    }
    if let previous = vmas.previous(vma), couldShareFamily(previous, vma) {
      return ownFamily(previous)
    }
    return nil
  }

  private func ownFamily(_ vma: Ref<VMA>) -> Ref<AnonVMA>? {
    vma.pointee.hasInheritedPages ? nil : vma.pointee.anonVMA
  }

  /// Adjacent, and alike but for what `mprotect` may change. Linux: `anon_vma_compatible()`.
  private func couldShareFamily(_ left: Ref<VMA>, _ right: Ref<VMA>) -> Bool {
    let difference = left.pointee.flags.symmetricDifference(right.pointee.flags)
    return left.pointee.end == right.pointee.start && left.pointee.file == right.pointee.file
      && left.pointee.opening == right.pointee.opening
      && difference.subtracting(.access).subtracting(.sticky).isEmpty
      && left.pointee.pageOffset(of: right.pointee.start, pageSize) == right.pointee.pageOffset
  }
}
