/// What every reader gives: the facts of the machine it was recorded on, then events until the end.
///
/// Readers stream: whatever the size of the source, memory stays flat.
public protocol RecordingReader: AnyObject {
  /// The recorded machine, as far as the source tells; complete before the first event.
  var header: RecordingHeader { get }
  /// The files met so far; grows while events are read, indices stay.
  var files: [RecordedFile] { get }
  /// Lines or records of kinds that were recognised and left out, with how often each came.
  var ignored: [String: Int] { get }
  /// How far into the source reading has come; nil where that has no meaning.
  var progress: ReadingProgress? { get }

  /// The next event, or nil at the end.
  ///
  /// - Throws: `BadInput` with the line and what was expected there. The reader is finished then.
  func next() throws(BadInput) -> RecordedEvent?
}

extension RecordingReader {
  public var progress: ReadingProgress? { nil }
}

/// How far a reader has come, in bytes of the file as it lies there, compressed or not.
public struct ReadingProgress: Hashable, Sendable {
  /// Runs ahead of the events by what stands in buffers.
  public var bytesRead: UInt64
  /// nil for a pipe, whose end nobody knows.
  public var totalBytes: UInt64?

  public init(bytesRead: UInt64, totalBytes: UInt64?) {
    self.bytesRead = bytesRead
    self.totalBytes = totalBytes
  }
}

/// The machine and the limits under which something was recorded; nil where the source is silent.
public struct RecordingHeader: Hashable, Sendable {
  public var source: Source
  public var kernel: String?
  public var architecture: String?
  public var pageSize: UInt64?
  public var taskSize: UInt64?
  public var mmapMinimumAddress: UInt64?
  public var stackLimit: UInt64?
  /// `nil` also stands for "inf".
  public var addressSpaceLimit: UInt64?
  public var dataLimit: UInt64?
  public var lockedLimit: UInt64?
  public var overcommit: Int?
  public var maxMapCount: UInt64?
  public var totalMemory: UInt64?
  public var hugePageSize: UInt64?
  public var transparentHugePages: String?
  public var sharedMemoryHugePages: String?
  public var stackGuardGapPages: UInt64?
  public var hasRandomLayout: Bool?
  /// The initial break of an oracle's subject.
  public var programBreak: UInt64?
  /// The maps an oracle's subject starts with.
  public var initialMaps: [MapLine]
  /// Pages of those maps that an oracle's log tells of: which are there before the first step.
  public var initialPages: [InitialPages]

  public init(source: Source) {
    self.source = source
    initialMaps = []
    initialPages = []
  }

  /// The state of consecutive pages from `address` up.
  public struct InitialPages: Hashable, Sendable {
    public var address: UInt64
    public var states: [OracleProbe.PageState]

    public init(address: UInt64, states: [OracleProbe.PageState]) {
      self.address = address
      self.states = states
    }
  }

  public enum Source: UInt8, Hashable, Sendable {
    case strace, oracle, folder, compact, accesses
  }
}

/// A defect of an input file, told in one line: `file:line: expected X, found Y`.
public struct BadInput: Error, Hashable, Sendable, CustomStringConvertible {
  public var file: String
  /// From 1; 0 when the defect is of the file as a whole.
  public var line: Int
  public var expected: String
  /// What stood there, cut to 60 characters, unprintable bytes escaped.
  public var found: String

  public init(file: String, line: Int, expected: String, found: String) {
    self.file = file
    self.line = line
    self.expected = expected
    self.found = found
  }

  public var description: String {
    let place = line > 0 ? "\(file):\(line)" : file
    return "\(place): expected \(expected), found \(found)"
  }
}
