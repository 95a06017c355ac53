internal import Recordings

/// What a replay found, in a form for tables and for JSON.
///
/// Sizes are bytes unless a name says pages. Counts are of the whole recording, all processes.
public struct ReplayReport: Codable, Sendable {
  /// The recording's file, as the user named it.
  public var source: String
  public var machine: Machine
  /// Events replayed.
  public var records = 0
  /// System calls by name.
  public var calls: [String: CallCount] = [:]
  /// Results and maps compared with the recording.
  public var checked = Checks()
  /// Pages in memory and faults, as far as a recording tells of them; not among the differences.
  public var residency = Residency()
  /// The first differences in detail; `differenceCount` counts all.
  public var differences: [Difference] = []
  public var differenceCount = 0
  /// Records whose storey is not built yet, by kind.
  public var unsupported: [String: Int] = [:]
  /// Lines of the recording that mean nothing for memory, by kind.
  public var ignored: [String: Int] = [:]
  /// Mappings and results taken from the recording instead of computed, by kind.
  public var adopted: [String: Int] = [:]
  public var processes = ProcessCounts()
  public var memory = MemoryFigures()
  public var tlb = TLBFigures()
  /// Accesses of a trace of all of them; zeros for other recordings.
  public var traced = AccessCounts()
  public var before = KernelState()
  public var after = KernelState()
  /// Seconds the replay took, reading included.
  public var seconds = 0.0
  /// What the recorder could not record, one line each.
  public var missing: [String] = []

  public init(source: String, machine: Machine) {
    self.source = source
    self.machine = machine
  }

  public var unsupportedCount: Int { unsupported.values.reduce(0, +) }

  /// What a check comes to.
  public var counts: Counts {
    Counts(records: records, differences: differenceCount, unsupported: unsupportedCount)
  }

  /// The counts of one check or of several; as text the last line that it prints.
  public struct Counts: Hashable, Sendable, CustomStringConvertible {
    public var records = 0
    public var differences = 0
    public var unsupported = 0

    public init(records: Int = 0, differences: Int = 0, unsupported: Int = 0) {
      self.records = records
      self.differences = differences
      self.unsupported = unsupported
    }

    public mutating func add(_ other: Counts) {
      records += other.records
      differences += other.differences
      unsupported += other.unsupported
    }

    public var description: String {
      "\(records) records, \(differences) differences, \(unsupported) not supported"
    }
  }

  public struct Machine: Codable, Sendable {
    public var name: String
    public var architecture: String
    public var pageSize: UInt64
    public var virtualAddressBits: Int
    public var ram: UInt64
    public var kernel: String
  }

  public struct CallCount: Codable, Sendable {
    public var count = 0
    public var failed = 0
  }

  public struct Checks: Codable, Sendable {
    public var results = 0
    public var maps = 0
    public var accesses = 0
    /// `VmFlags` of `/proc/PID/smaps`.
    public var flags = 0
    /// Sizes of `/proc/PID/status`.
    public var sizes = 0
  }

  /// What is in memory when, and how many faults brought it there.
  public struct Residency: Codable, Sendable {
    public var mincore = Comparison()
    public var pagemap = Comparison()
    /// Faults of user accesses; those inside calls are not in it.
    public var faults = Comparison()
    /// The first differences in detail.
    public var examples: [Difference] = []

    public init() {}

    public var compared: Int { mincore.compared + pagemap.compared + faults.compared }
    public var differences: Int {
      mincore.differences + pagemap.differences + faults.differences
    }

    public mutating func add(_ other: Residency) {
      mincore.add(other.mincore)
      pagemap.add(other.pagemap)
      faults.add(other.faults)
    }
  }

  /// Records of one kind: how many were compared, and how many of them differ.
  public struct Comparison: Codable, Sendable, Hashable, CustomStringConvertible {
    public var compared = 0
    public var differences = 0

    public init() {}

    public mutating func add(_ other: Comparison) {
      compared += other.compared
      differences += other.differences
    }

    public var description: String { "\(differences) of \(compared)" }
  }

  /// Where the replay and the recording part.
  public struct Difference: Codable, Sendable, Hashable {
    /// The line or record of the recording.
    public var position: Int
    public var task: Int
    /// The call or access, as the recording has it.
    public var what: String
    public var recorded: String
    public var replayed: String
  }

  public struct ProcessCounts: Codable, Sendable {
    public var tasks = 0
    public var executions = 0
    public var forks = 0
    public var exits = 0
  }

  public struct MemoryFigures: Codable, Sendable {
    public var vmas = 0
    public var peakVMAs = 0
    public var residentPages = 0
    public var peakResidentPages = 0
    public var minorFaults: UInt64 = 0
    public var majorFaults: UInt64 = 0
    /// Faults that ended in a signal.
    public var signals = 0
    public var pageTableBytes: UInt64 = 0
    public var peakPageTableBytes: UInt64 = 0
    public var slabBytes: UInt64 = 0
  }

  /// Accesses by what they do.
  public struct AccessCounts: Codable, Sendable, Equatable {
    public var instructions = 0
    public var loads = 0
    public var stores = 0
    /// Loads and stores by one instruction.
    public var modifies = 0

    public var total: Int { instructions + loads + stores + modifies }

    mutating func add(_ accesses: [TracedAccess]) {
      var counts = InlineArray<4, Int>(repeating: 0)
      for access in accesses { counts[Int(access.kind.rawValue)] &+= 1 }
      instructions += counts[0]
      loads += counts[1]
      stores += counts[2]
      modifies += counts[3]
    }
  }

  /// The free memory at one moment.
  public struct KernelState: Codable, Sendable {
    public var freePages: UInt64 = 0
    public var managedPages: UInt64 = 0
    /// The line of `/proc/buddyinfo`.
    public var buddyinfo = ""
  }
}
