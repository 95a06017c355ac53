/// What comparing a recorded boot with the same machine built here found.
public struct BootReport: Codable, Hashable, Sendable {
  /// One figure: what the kernel has, what is computed here.
  public struct Record: Codable, Hashable, Sendable {
    public enum Verdict: String, Codable, Sendable {
      case equal, different, unsupported
    }

    /// What the figure belongs to: `machine`, `memblock`, `node 0 DMA32`.
    public var subject: String
    public var figure: String
    public var kernel: String
    public var computed: String
    public var verdict: Verdict
  }

  /// The folder.
  public var source: String
  /// The kernel's name in it.
  public var kernel: String
  public var records: [Record] = []

  public init(source: String, kernel: String) {
    self.source = source
    self.kernel = kernel
  }

  public var counts: ReplayReport.Counts {
    ReplayReport.Counts(
      records: records.count, differences: records.count { $0.verdict == .different },
      unsupported: records.count { $0.verdict == .unsupported })
  }

  mutating func compare(
    _ subject: String, _ figure: String, kernel: some CustomStringConvertible,
    computed: some CustomStringConvertible
  ) {
    let (theirs, ours) = ("\(kernel)", "\(computed)")
    records.append(
      Record(
        subject: subject, figure: figure, kernel: theirs, computed: ours,
        verdict: theirs == ours ? .equal : .different))
  }

  mutating func leaveOut(_ subject: String, _ figure: String, _ kernel: String) {
    records.append(
      Record(
        subject: subject, figure: figure, kernel: kernel, computed: "-", verdict: .unsupported))
  }
}
