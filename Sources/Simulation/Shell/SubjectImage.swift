internal import AddressSpaces
internal import MemoryTypes
internal import Recordings

/// A process that has done nothing yet: a page of code, a stack, and an empty heap between them.
///
/// The reader of a recording without events: what stands before the first step is all there is.
final class SubjectImage: RecordingReader {
  let header: RecordingHeader
  let files: [RecordedFile]
  let ignored: [String: Int] = [:]

  init(_ machine: MachineConfiguration) {
    let layout = machine.layout
    let page = UInt64(machine.pageSize.bytes.rawValue)
    let code = max(0x40_0000, page)
    let top = UInt64(layout.stackTop.rawValue)
    var header = RecordingHeader(source: .oracle)
    header.initialMaps = [
      MapLine(
        start: code, end: code + page, permissions: [.read, .execute], offset: 0,
        path: "/bin/subject"),
      MapLine(
        start: top - max(0x2_1000, 2 * page) / page * page, end: top, permissions: [.read, .write],
        offset: 0, path: "[stack]"),
    ]
    header.programBreak = code + page
    self.header = header
    files = FuzzFile.all.map {
      RecordedFile(
        path: $0.isMemory ? "/memfd:\($0.name) (deleted)" : "/tmp/\($0.name)",
        size: UInt64($0.size),
        fileSystem: $0.isMemory ? .memfd : .ext4)
    }
  }

  func next() throws(BadInput) -> RecordedEvent? { nil }
}
