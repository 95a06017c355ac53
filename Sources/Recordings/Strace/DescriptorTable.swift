/// The open files of a process; threads share it.
///
/// A process takes the lowest free number, so nearly all stand in a row from 0.
final class DescriptorTable {
  private static let rowLimit: Int32 = 1024
  private var row: [OpenFile?] = []
  /// Those with numbers from `rowLimit` up, which `dup2` and hostile texts make.
  private var others: [Int32: OpenFile] = [:]

  subscript(number: Int32) -> OpenFile? {
    get {
      guard (0..<Self.rowLimit).contains(number) else { return others[number] }
      return number < row.count ? row[Int(number)] : nil
    }
    set {
      guard (0..<Self.rowLimit).contains(number) else {
        others[number] = newValue
        return
      }
      if number < row.count {
        row[Int(number)] = newValue
      } else if newValue != nil {
        row += repeatElement(nil, count: Int(number) - row.count)
        row.append(newValue)
      }
    }
  }

  func close(_ numbers: ClosedRange<UInt64>) {
    for number in row.indices where numbers.contains(UInt64(number)) { row[number] = nil }
    others = others.filter { !numbers.contains(UInt64(bitPattern: Int64($0.key))) }
  }

  func copy() -> DescriptorTable {
    let copy = DescriptorTable()
    (copy.row, copy.others) = (row, others)
    return copy
  }

  /// What is left after `execve`.
  func withoutCloseOnExec() -> DescriptorTable {
    let rest = DescriptorTable()
    rest.row = row.map { $0?.isClosedOnExec == true ? nil : $0 }
    rest.others = others.filter { !$0.value.isClosedOnExec }
    return rest
  }
}

/// An open file of a process, as its descriptor's calls told.
struct OpenFile {
  /// As strace prints it, escapes and all.
  var path: [UInt8]
  var access = RecordedCall.FileAccess.unknown
  var size: UInt64?
  var isClosedOnExec = false
  /// Whether another file may bear the same path (`memfd_create`).
  var isUnnamed = false
  var file: FileID?
}
