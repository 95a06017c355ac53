import AddressSpaces
import MemoryTypes
import Testing

/// Which areas become one, and where they part.
struct MergeTests {
  @Test("a new mapping joins the area below, the area above, or both")
  func newMapping() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<2)
    try laboratory.map(2..<4)
    #expect(laboratory.areas == ["0-4 rw"])
    try laboratory.map(6..<8)
    try laboratory.map(5..<6)
    #expect(laboratory.areas == ["0-4 rw", "5-8 rw"])
    try laboratory.map(4..<5)
    #expect(laboratory.areas == ["0-8 rw"])
    laboratory.checkInvariants()
  }

  @Test("neighbours with other permissions, or with NORESERVE, stay apart")
  func otherFlags() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<2)
    try laboratory.map(2..<4, .read)
    try laboratory.map(4..<6, [.read, .write], [.private, .anonymous, .noReserve])
    try laboratory.map(6..<8)
    #expect(laboratory.areas == ["0-2 rw", "2-4 r-", "4-6 rw", "6-8 rw"])
  }

  @Test("touched and untouched neighbours merge")
  func touched() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<2)
    try laboratory.write(1, 0)
    try laboratory.map(2..<4)
    #expect(laboratory.areas == ["0-4 rw"])
    #expect(try laboratory.read(0) == 1)
  }

  @Test("two areas that were touched apart and bridged by a new one stay two")
  func bridgedFamilies() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<2)
    try laboratory.map(4..<6)
    try laboratory.write(1, 0)
    try laboratory.write(2, 5)
    try laboratory.map(2..<4)
    #expect(laboratory.areas == ["0-4 rw", "4-6 rw"])
    laboratory.checkInvariants()
  }

  @Test("mappings of a file merge where its pages follow one another")
  func files() throws {
    let laboratory = try Laboratory()
    let file = try laboratory.makeFile(10)
    let other = try laboratory.makeFile(10)
    try laboratory.map(0..<2, .read, .private, file: file)
    try laboratory.map(2..<4, .read, .private, file: file, offset: 2)
    try laboratory.map(4..<6, .read, .private, file: file, offset: 5)
    try laboratory.map(6..<8, .read, .private, file: other, offset: 7)
    #expect(laboratory.areas == ["0-4 r- @0", "4-6 r- @5", "6-8 r- @7"])
    try laboratory.map(8..<9, .read, .shared, file: other, offset: 9)
    #expect(laboratory.areas.last == "8-9 r-s @9")
    laboratory.services.release(file)
    laboratory.services.release(other)
    laboratory.expectNothingLeft()
  }

  @Test("shared anonymous mappings never merge")
  func sharedMemory() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<2, [.read, .write], [.shared, .anonymous])
    try laboratory.map(2..<4, [.read, .write], [.shared, .anonymous])
    #expect(laboratory.areas == ["0-2 rws @0", "2-4 rws @0"])
  }

  @Test("a change of protection splits in two or three and merges back")
  func splitsAndHeals() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<9)
    try laboratory.protect(3..<6, .read)
    #expect(laboratory.areas == ["0-3 rw", "3-6 r-", "6-9 rw"])
    try laboratory.protect(0..<1, .read)
    #expect(laboratory.areas == ["0-1 r-", "1-3 rw", "3-6 r-", "6-9 rw"])
    try laboratory.protect(1..<3, .read)
    #expect(laboratory.areas == ["0-6 r-", "6-9 rw"])
    try laboratory.protect(0..<6, [.read, .write])
    #expect(laboratory.areas == ["0-9 rw"])
    laboratory.checkInvariants()
  }

  @Test("a changed part goes to the neighbour it became like, and the border moves")
  func movedBorders() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<4)
    try laboratory.map(4..<8, .read)
    try laboratory.protect(4..<6, [.read, .write])
    #expect(laboratory.areas == ["0-6 rw", "6-8 r-"])
    try laboratory.protect(3..<6, .read)
    #expect(laboratory.areas == ["0-3 rw", "3-8 r-"])
    laboratory.checkInvariants()
  }

  @Test("the middle of three joins both neighbours and brings its pages")
  func threeWay() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<6)
    for page in 0..<6 { try laboratory.write(UInt8(page + 1), page) }
    try laboratory.protect(2..<4, .read)
    #expect(laboratory.areas.count == 3)
    try laboratory.protect(2..<4, [.read, .write])
    #expect(laboratory.areas == ["0-6 rw"])
    for page in 0..<6 { #expect(try laboratory.read(page) == UInt8(page + 1)) }
    laboratory.checkInvariants()
    laboratory.expectNothingLeft()
  }

  @Test("an untouched part that becomes like a touched neighbour joins its family")
  func joinsFamily() throws {
    let laboratory = try Laboratory()
    try laboratory.map(0..<2)
    try laboratory.write(1, 0)
    try laboratory.map(2..<4, .read)
    try laboratory.protect(2..<4, [.read, .write])
    #expect(laboratory.areas == ["0-4 rw"])
    try laboratory.write(2, 3)
    laboratory.checkInvariants()
    laboratory.expectNothingLeft()
  }
}
