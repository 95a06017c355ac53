internal import MemoryTypes

/// An area that is about to exist, or to change, and the neighbours it might join.
///
/// Linux: `vma_merge_struct`, mm/vma.h.
struct MergeCandidate {
  var range: VirtualRange
  var flags: VMAFlags
  var pageOffset: UInt
  var file: Ref<MappedFile>?
  /// See `VMA.opening`.
  var opening: UInt32 = 0
  var anonVMA: Ref<AnonVMA>?
  var name: Ref<AreaName>?
  /// The VMA whose part changes; nil for a new mapping.
  var middle: Ref<VMA>?
  var previous: Ref<VMA>?
  var next: Ref<VMA>?
  /// Only grow the previous VMA (the heap). Linux: `just_expand`.
  var onlyExtendsPrevious = false
  /// The next VMA's family decides which previous one may join. Linux: `mmap_region()` before 6.12.
  var prefersNext = false
}

extension AddressSpace {
  /// Lets a new mapping be part of its neighbours instead of a VMA of its own.
  ///
  /// - Returns: The VMA that now covers the range; nil when no neighbour fits. The range must be free.
  ///
  /// Linux: `vma_merge_new_range()`, mm/vma.c.
  mutating func mergeNew(_ candidate: MergeCandidate) -> Ref<VMA>? {
    guard candidate.flags.isDisjoint(with: .special) else { return nil }
    let (joinsPrevious, joinsNext) = joints(of: candidate)
    if joinsPrevious, let previous = candidate.previous {
      adoptFamily(previous, candidate)
      adoptMarks(previous, candidate, alsoNext: joinsNext)
      if joinsNext, let next = candidate.next {
        adoptFamily(previous, from: next)
        absorb(next, into: previous)
      } else {
        setRange(previous, VirtualRange(previous.pointee.start, candidate.range.end))
      }
      return previous
    }
    guard joinsNext, let next = candidate.next else { return nil }
    adoptFamily(next, candidate)
    adoptMarks(next, candidate, alsoNext: false)
    setRange(next, VirtualRange(candidate.range.start, next.pointee.end))
    return next
  }

  /// Lets the changed part of `middle` be part of a neighbour.
  ///
  /// - Returns: The VMA that now covers the range; nil when `middle` must be split or changed itself.
  ///
  /// Linux: `vma_merge_existing_range()`, mm/vma.c.
  mutating func mergeExisting(_ candidate: MergeCandidate) -> Ref<VMA>? {
    guard let middle = candidate.middle, candidate.flags.isDisjoint(with: .special) else {
      return nil
    }
    let isLeftPart = middle.pointee.start == candidate.range.start
    let isRightPart = middle.pointee.end == candidate.range.end
    let joinsPrevious = isLeftPart && canJoinPrevious(candidate)
    let joinsNext = isRightPart && canJoinNext(candidate, alsoPrevious: joinsPrevious)

    if joinsPrevious, let previous = candidate.previous {
      adoptMarks(previous, candidate, alsoNext: joinsNext)
      if joinsNext, let next = candidate.next {
        adoptFamily(previous, from: next.pointee.anonVMA != nil ? next : middle)
        removeArea(middle)
        absorb(next, into: previous)
      } else {
        adoptFamily(previous, from: middle)
        moveBorder(between: previous, and: middle, to: candidate.range.end)
      }
      return previous
    }
    guard joinsNext, let next = candidate.next else { return nil }
    adoptFamily(next, from: middle)
    adoptMarks(next, candidate, alsoNext: false)
    moveBorder(between: middle, and: next, to: candidate.range.start)
    return next
  }

  /// Which neighbours a new mapping joins.
  private func joints(of candidate: MergeCandidate) -> (previous: Bool, next: Bool) {
    if candidate.prefersNext, canJoinNext(candidate, alsoPrevious: false) {
      var both = candidate
      both.anonVMA = candidate.next?.pointee.anonVMA
      return (canJoinPrevious(both), true)
    }
    let joinsPrevious = canJoinPrevious(candidate)
    let joinsNext =
      !candidate.onlyExtendsPrevious && canJoinNext(candidate, alsoPrevious: joinsPrevious)
    return (joinsPrevious, joinsNext)
  }

  /// Linux: `can_vma_merge_left()`, `can_vma_merge_after()`.
  private func canJoinPrevious(_ candidate: MergeCandidate) -> Bool {
    guard let previous = candidate.previous, previous.pointee.end == candidate.range.start else {
      return false
    }
    let pages = pageCount(previous.pointee.range).rawValue
    return isAlike(previous, candidate) && isSameFamily(previous, candidate)
      && previous.pointee.pageOffset &+ pages == candidate.pageOffset
  }

  /// Linux: `can_vma_merge_right()`, `can_vma_merge_before()`.
  ///
  /// Neighbours that each fit the new part need not fit one another.
  private func canJoinNext(_ candidate: MergeCandidate, alsoPrevious: Bool) -> Bool {
    guard let next = candidate.next, next.pointee.start == candidate.range.end else { return false }
    let pages = pageCount(candidate.range).rawValue
    guard isAlike(next, candidate), isSameFamily(next, candidate),
      candidate.pageOffset &+ pages == next.pointee.pageOffset
    else { return false }
    guard alsoPrevious, let left = candidate.previous?.pointee.anonVMA,
      let right = next.pointee.anonVMA
    else { return true }
    return left == right
  }

  /// Same flags but for the sticky ones, same file, same name, nothing special.
  ///
  /// Linux: `is_mergeable_vma()`.
  private func isAlike(_ vma: Ref<VMA>, _ candidate: MergeCandidate) -> Bool {
    vma.pointee.flags.symmetricDifference(candidate.flags).subtracting(.sticky).isEmpty
      && vma.pointee.file == candidate.file && vma.pointee.opening == candidate.opening
      && vma.pointee.special == .none && AreaName.areEqual(vma.pointee.name, candidate.name)
  }

  /// Linux: `is_mergeable_anon_vma()`: one family, or one side has none and the other did not inherit
  /// pages from a parent.
  private func isSameFamily(_ target: Ref<VMA>, _ candidate: MergeCandidate) -> Bool {
    switch (target.pointee.anonVMA, candidate.anonVMA) {
    case (nil, nil): true
    case (nil, .some):
      services.pointee.rules.contains(.familySpreadsToUntouched)
        && !(candidate.middle?.pointee.hasInheritedPages ?? false)
    case (.some, nil): !target.pointee.hasInheritedPages
    case (let left?, let right?): left == right
    }
  }

  /// The area that takes over others has what one of them had. Linux: `VM_STICKY`.
  private func adoptMarks(_ vma: Ref<VMA>, _ candidate: MergeCandidate, alsoNext: Bool) {
    vma.pointee.flags.formUnion(candidate.flags.intersection(.sticky))
    guard alsoNext, let next = candidate.next else { return }
    vma.pointee.flags.formUnion(next.pointee.flags.intersection(.sticky))
  }

  /// Gives `vma` the family of the area it takes over. Linux: `dup_anon_vma()`.
  private mutating func adoptFamily(_ vma: Ref<VMA>, from source: Ref<VMA>) {
    guard vma.pointee.anonVMA == nil, let family = source.pointee.anonVMA else { return }
    join(vma, family, inherited: source.pointee.hasInheritedPages)
  }

  /// Gives `vma` the family of a copy that brings its pages along (`mremap`).
  private func adoptFamily(_ vma: Ref<VMA>, _ candidate: MergeCandidate) {
    guard vma.pointee.anonVMA == nil, let family = candidate.anonVMA else { return }
    join(vma, family, inherited: false)
  }

  /// Removes `next` and lets `vma` cover all up to its end.
  private mutating func absorb(_ next: Ref<VMA>, into vma: Ref<VMA>) {
    let end = next.pointee.end
    removeArea(next)
    setRange(vma, VirtualRange(vma.pointee.start, end))
  }

  /// Moves the border between two neighbours; one that becomes empty is removed.
  private mutating func moveBorder(
    between left: Ref<VMA>, and right: Ref<VMA>, to border: VirtualAddress
  ) {
    let (start, end) = (left.pointee.start, right.pointee.end)
    let oldBorder = right.pointee.start
    if border == end {
      removeArea(right)
      setRange(left, VirtualRange(start, end))
    } else if border == start {
      removeArea(left)
      setRange(right, VirtualRange(start, end))
    } else if border > oldBorder {
      setRange(right, VirtualRange(border, end))
      setRange(left, VirtualRange(start, border))
    } else {
      setRange(left, VirtualRange(start, border))
      setRange(right, VirtualRange(border, end))
    }
  }
}
