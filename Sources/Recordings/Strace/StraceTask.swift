/// What the reader knows of a thread.
final class StraceTask {
  let id: Int32
  var descriptors: DescriptorTable
  var isAlive = true
  /// The first half of a line that waits for its `resumed`; empty when there is none.
  var suspended: [UInt8] = []
  /// The child that was seen before the fork was resumed.
  var earlyChild: Int32?
  /// Its place in the family: "0" for the first, "0/1" for its second child.
  let family: String
  var childCount = 0
  var execCount = 0

  init(id: Int32, descriptors: DescriptorTable = DescriptorTable(), family: String = "0") {
    self.id = id
    self.descriptors = descriptors
    self.family = family
  }

  /// Keeps the next `length` bytes of the line, behind those kept before.
  func suspend(_ line: LineCursor, length: Int) {
    // Two halves of the longest line at most, however often a text suspends the same call.
    guard suspended.count + length <= 2 * LineReader.longestLine else { return }
    unsafe suspended.append(contentsOf: line.bytes(line.position..<line.position + length))
  }
}

/// The living tasks by number; to find the one that was found last costs a comparison.
struct StraceTaskTable {
  private var byNumber: [Int32: StraceTask] = [:]
  private var last: StraceTask?

  subscript(number: Int32) -> StraceTask? {
    mutating get {
      if let last, last.id == number { return last }
      last = byNumber[number]
      return last
    }
    set {
      last = newValue
      byNumber[number] = newValue
    }
  }

  var isEmpty: Bool { byNumber.isEmpty }
  /// The only living task.
  var only: StraceTask? { byNumber.count == 1 ? byNumber.values.first : nil }
}

/// The two halves of an interrupted line, put together to be parsed.
@safe final class JoinedLine {
  private let capacity = 3 * LineReader.longestLine
  private let bytes: UnsafeMutablePointer<UInt8>

  init() { unsafe bytes = .allocate(capacity: capacity) }

  deinit { unsafe bytes.deallocate() }

  /// `first` and the rest of `second`; good until the next call.
  func join(_ first: [UInt8], _ second: LineCursor) -> LineCursor {
    let rest = unsafe second.bytes(second.position..<second.end)
    let count = min(first.count, capacity)
    let more = min(rest.count, capacity - count)
    for index in 0..<count { unsafe bytes[index] = first[index] }
    for index in 0..<more { unsafe bytes[count + index] = rest[index] }
    return unsafe LineCursor(base: bytes, count: count + more)
  }
}
