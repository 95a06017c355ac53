import MemoryTypes
import Testing

@testable import Recordings

@Suite("Recording folders")
struct FolderReaderTests {
  @Test(
    "the maps of every folder follow from its exec images and changes",
    arguments: Fixtures.recordings)
  func mapsStream(folder: String) throws {
    let reader = try FolderReader(folder: folder)
    #expect(reader.stream == .maps)
    #expect(reader.header.pageSize == 4096 && reader.header.hasRandomLayout == false)
    var unknown = 0
    while let event = try reader.next() {
      guard case .call(let call) = event.body, call.name == .mmap, call.result != -9 else {
        continue
      }
      let needsFile = call.arguments.a3 & 0x20 == 0 && Int64(bitPattern: call.arguments.a4) >= 0
      if needsFile != (call.file != nil) { unknown += 1 }
    }
    #expect(unknown == 0)
    #expect(reader.peakMappings.isEmpty == false)
  }

  @Test(
    "the initial break of an exec image is what brk(0) answers first",
    arguments: Fixtures.recordings)
  func initialBreak(folder: String) throws {
    let reader = try FolderReader(folder: folder, stream: .maps)
    var expected: [Int32: UInt64] = [:]
    while let event = try reader.next() {
      switch event.body {
      case .exec(let image):
        #expect(image.origin == .recorded && image.files.count == image.mappings.count)
        #expect(image.programBreak != nil, "\(image.path)")
        expected[event.task] = image.programBreak
      case .call(let call) where call.name == .brk:
        if let start = expected.removeValue(forKey: event.task), call.arguments.a0 == 0 {
          #expect(UInt64(bitPattern: call.result) == start, "line \(event.position)")
        }
      default: break
      }
    }
  }
}
