internal import Recordings

/// A descriptor of the subject, by the name that oracle logs give it.
struct FuzzDescriptor {
  let name: String
  let number: UInt64
  /// The file's place in `FuzzFile.all`; nil for a descriptor that is not open.
  let file: UInt32?
  let access: RecordedCall.FileAccess

  /// As the subject has them, from 3 up, and one that is not open.
  static let all: [FuzzDescriptor] =
    open + [
      FuzzDescriptor(name: "99", number: 99, file: nil, access: .unknown)
    ]

  static let open: [FuzzDescriptor] = [
    FuzzDescriptor(name: "A", number: 3, file: 0, access: .readWrite),
    FuzzDescriptor(name: "Ar", number: 4, file: 0, access: .readOnly),
    FuzzDescriptor(name: "Aw", number: 5, file: 0, access: .writeOnly),
    FuzzDescriptor(name: "B", number: 6, file: 1, access: .readOnly),
    FuzzDescriptor(name: "M", number: 7, file: 2, access: .readWrite),
    FuzzDescriptor(name: "Mr", number: 8, file: 2, access: .readOnly),
  ]

  /// Makes this the descriptor of a call whose argument `index` names one.
  func describe(_ call: inout RecordedCall, argument index: Int) {
    if index == 0 { call.arguments.a0 = number } else { call.arguments.a4 = number }
    call.file = file.map { FileID($0) }
    call.fileAccess = access
  }
}
