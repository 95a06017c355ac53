internal import CSubject
internal import Foundation
internal import MemoryTypes
internal import Recordings

/// A stopped task of the running kernel: the subject, or its forked child.
final class LiveTask {
  let id: pid_t
  let maps: MapsFile
  private let endsItself: Bool
  private let pages: Int32
  private var minor: UInt64 = 0
  private var major: UInt64 = 0

  /// - Parameter endsItself: The task is killed when nobody refers to it any more.
  init(_ id: pid_t, endsItself: Bool = false) throws(FuzzError) {
    self.id = id
    self.endsItself = endsItself
    maps = try MapsFile(task: id)
    pages = unsafe open("/proc/\(id)/pagemap", O_RDONLY | O_CLOEXEC)
  }

  deinit {
    close(pages)
    if endsItself { subject_end(id) }
  }

  /// The kernel's raw answer to a call.
  func call(_ call: RecordedCall) throws(FuzzError) -> Int64 {
    guard let number = call.name.x86Number else {
      throw .subjectLost("\(call.name.text) has no number here")
    }
    let a = call.arguments
    return try LiveSubject.call(id, number, [a.a0, a.a1, a.a2, a.a3, a.a4, a.a5])
  }

  func access(
    _ kind: AccessKind, _ address: UInt64, _ byte: UInt8
  ) throws(FuzzError) -> OracleProbe {
    var answer = subject_answer()
    let status =
      unsafe kind == .write
      ? subject_store(id, address, byte, &answer) : subject_load(id, address, &answer)
    guard status == 0, let outcome = OracleProbe.AccessOutcome(answer) else {
      throw .subjectLost("an access ended with signal \(answer.signal), code \(answer.code)")
    }
    let loaded = outcome == .done ? UInt8(truncatingIfNeeded: answer.result) : nil
    return .access(
      kind, address: address, value: kind == .write ? byte : loaded, outcome: outcome)
  }

  /// Adds the faults that `body` makes the task take.
  func countingFaults<Result>(_ body: () throws(FuzzError) -> Result) throws(FuzzError) -> Result {
    let before = try faults()
    let result = try body()
    let after = try faults()
    minor &+= after.minor &- before.minor
    major &+= after.major &- before.major
    return result
  }

  /// The faults counted since the last such question.
  func takeFaults() -> OracleProbe {
    defer { (minor, major) = (0, 0) }
    return .faults(minor: minor, major: major)
  }

  func mincore(_ address: UInt64, _ length: UInt64) throws(FuzzError) -> OracleProbe {
    let result = try LiveSubject.call(
      id, 27, [address, length, LiveSubject.scratch, 0, 0, 0])
    if result < 0 {
      return .mincore(
        address: address, length: length, bits: [], error: Errno(Int32(-result)))
    }
    var bytes = [UInt8](repeating: 0, count: Int((length + 4095) / 4096))
    let got = unsafe bytes.withUnsafeMutableBytes {
      unsafe subject_read_memory(id, LiveSubject.scratch, $0.baseAddress!, UInt64($0.count))
    }
    guard got == bytes.count else { throw .subjectLost("its scratch pages cannot be read") }
    return .mincore(
      address: address, length: length, bits: bytes.map { $0 & 1 != 0 }, error: nil)
  }

  func pagemap(_ address: UInt64, _ length: UInt64) throws(FuzzError) -> OracleProbe {
    var words = [UInt64](repeating: 0, count: Int(length / 4096))
    let size = words.count * 8
    let got = unsafe words.withUnsafeMutableBytes {
      unsafe pread(pages, $0.baseAddress!, size, off_t(address / 4096 * 8))
    }
    guard got == size else { throw .subjectLost("its pagemap cannot be read") }
    return .pagemap(
      address: address, length: length,
      states: words.map { $0 >> 63 != 0 ? .present : $0 >> 62 & 1 != 0 ? .swapped : .absent })
  }
}

extension OracleProbe.AccessOutcome {
  fileprivate init?(_ answer: subject_answer) {
    switch (answer.signal, answer.code) {
    case (0, _): self = .done
    case (SIGSEGV, 1): self = .segvMapError
    case (SIGSEGV, 2): self = .segvAccessError
    case (SIGSEGV, 0x80): self = .segvKernel
    case (SIGBUS, 2): self = .busAddressError
    default: return nil
    }
  }
}

extension CallName {
  /// The call's number on x86-64; nil for a call that subjects do not make.
  fileprivate var x86Number: UInt64? {
    switch self {
    case .brk: 12
    case .mmap: 9
    case .munmap: 11
    case .mprotect: 10
    case .mremap: 25
    case .madvise: 28
    case .msync: 26
    case .mlock: 149
    case .mlock2: 325
    case .munlock: 150
    case .mlockall: 151
    case .munlockall: 152
    case .remapFilePages: 216
    case .ftruncate: 77
    case .mseal: 462
    case .pkeyAlloc: 330
    case .pkeyFree: 331
    case .pkeyMprotect: 329
    case .prctl: 157
    default: nil
    }
  }
}
