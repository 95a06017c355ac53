import AddressSpaces
import MemoryTypes
import TestSupport
import Testing

/// Each allocation of each source fails once: what the call was to change is as before, and nothing
/// is lost.
struct FailureTests {
  /// A laboratory with areas that the calls below must split, merge, move and replace.
  private func prepared() throws -> (Laboratory, Ref<MappedFile>) {
    let laboratory = try Laboratory(frames: 2048)
    let file = try laboratory.makeFile(8)
    try laboratory.map(0..<8)
    for page in 0..<8 { try laboratory.write(UInt8(page + 1), page) }
    try laboratory.map(10..<18, [.read, .write], .shared, file: file)
    try laboratory.write(77, 12)
    try laboratory.map(20..<28)
    let heap = laboratory.address(40)
    laboratory.space.pointee.setHeap(start: heap, programBreak: heap)
    laboratory.shrinkCaches()
    return (laboratory, file)
  }

  /// What a program can tell: each page's permissions and backing, wherever areas are split.
  private func facts(_ laboratory: Laboratory) -> [String] {
    var facts = ["\(laboratory.committed) promised", "break \(laboratory.setBreak(.init(0)))"]
    var area = laboratory.space.pointee.vmas.first
    while let vma = area {
      let range = laboratory.page(vma.pointee.start)..<laboratory.page(vma.pointee.end)
      for page in range {
        let offset = vma.pointee.pageOffset(of: laboratory.address(page), .size4K)
        let file = vma.pointee.file?.address ?? 0
        facts.append("\(page): \(vma.pointee.flags.rawValue) \(offset) of \(file)")
      }
      area = laboratory.space.pointee.vmas.next(vma)
    }
    facts.append("\(laboratory.space.pointee.resident.total) resident")
    return facts
  }

  private func eachFailure(
    of call: (Laboratory, Ref<MappedFile>) throws -> Void,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    for source in Laboratory.Source.allCases {
      try forEachFault(sourceLocation: sourceLocation) { plan in
        let (laboratory, file) = try prepared()
        let before = facts(laboratory)
        var hasFailed = false
        let count = laboratory.failing(plan, of: source) {
          do { try call(laboratory, file) } catch { hasFailed = true }
        }
        laboratory.checkInvariants()
        if hasFailed { #expect(facts(laboratory) == before, sourceLocation: sourceLocation) }
        let (untouched, shared) = (try laboratory.read(7), try laboratory.read(12))
        #expect(untouched == 8 && shared == 77, sourceLocation: sourceLocation)
        laboratory.services.release(file)
        laboratory.expectNothingLeft(sourceLocation: sourceLocation)
        return count
      }
    }
  }

  @Test("mmap of private, shared and file memory")
  func map() throws {
    try eachFailure { laboratory, _ in _ = try laboratory.place(3, [.private, .anonymous], .read) }
    try eachFailure { laboratory, _ in _ = try laboratory.place(3, [.shared, .anonymous]) }
    try eachFailure { laboratory, file in
      try laboratory.map(30..<32, .read, .private, file: file, offset: 1)
    }
  }

  @Test("mmap in the place of other areas")
  func mapOver() throws {
    try eachFailure { laboratory, _ in try laboratory.map(2..<5, .read) }
    try eachFailure { laboratory, _ in
      try laboratory.map(22..<24, [.read, .write], [.shared, .anonymous])
    }
    try eachFailure { laboratory, file in
      try laboratory.map(4..<6, .read, .private, file: file, offset: 3)
    }
  }

  @Test("munmap and mprotect that split")
  func split() throws {
    try eachFailure { laboratory, _ in try laboratory.unmap(2..<4) }
    try eachFailure { laboratory, _ in try laboratory.protect(2..<4, .read) }
    try eachFailure { laboratory, _ in try laboratory.protect(12..<14, .read) }
  }

  @Test("brk")
  func brk() throws {
    try eachFailure { laboratory, _ in
      let wanted = laboratory.address(43)
      if laboratory.setBreak(wanted) != wanted { throw MapError.outOfMemory }
    }
  }

  @Test("mremap that moves a part, touched, untouched or of a file")
  func remap() throws {
    try eachFailure { laboratory, _ in
      _ = try laboratory.remap(2..<5, to: 6, [.mayMove, .fixed], at: 100_000)
    }
    try eachFailure { laboratory, _ in
      _ = try laboratory.remap(22..<24, to: 2, [.mayMove, .fixed], at: 100_000)
    }
    try eachFailure { laboratory, _ in
      _ = try laboratory.remap(10..<12, to: 2, [.mayMove, .fixed], at: 200_000)
    }
    try eachFailure { laboratory, _ in _ = try laboratory.remap(0..<2, to: 3, .mayMove) }
  }

  @Test("faults: zero page, own page, copy of a file's page, stack growth")
  func fault() throws {
    try eachFailure { laboratory, _ in _ = try laboratory.read(21) }
    try eachFailure { laboratory, _ in try laboratory.write(1, 21) }
    try eachFailure { laboratory, _ in try laboratory.write(1, 15) }
    try eachFailure { laboratory, file in
      try laboratory.map(300_000..<300_008, [.read, .write], .private, file: file)
    }
    for source in Laboratory.Source.allCases {
      try forEachFault { plan in
        let (laboratory, file) = try prepared()
        let flags: MapFlags = [.private, .anonymous, .growsDown]
        try laboratory.map(200_000..<200_001, [.read, .write], flags)
        try laboratory.map(300_000..<300_008, [.read, .write], .private, file: file)
        var hasFailed = false
        let count = laboratory.failing(plan, of: source) {
          do {
            try laboratory.write(1, 300_003)
            try laboratory.write(1, 199_998)
          } catch { hasFailed = true }
        }
        #expect(hasFailed == (count > 0))
        try laboratory.write(2, 300_003)
        try laboratory.write(2, 199_998)
        laboratory.checkInvariants()
        laboratory.services.release(file)
        laboratory.expectNothingLeft()
        return count
      }
    }
  }
}
