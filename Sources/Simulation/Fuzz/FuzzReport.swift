/// What a comparison with the running kernel came to.
public struct FuzzReport: Codable, Sendable {
  public var seed: UInt64
  public var profile: FuzzProfile
  public var kernel: String
  /// The steps that both kernels did.
  public var steps = 0
  /// Those of them by name.
  public var kinds: [String: Int] = [:]
  /// Steps left out because they are not built here yet, by name.
  public var unbuilt: [String: Int] = [:]
  public var subjects = 0
  /// What was compared.
  public var checked = ReplayReport.Checks()
  /// Pages in memory and faults: compared and counted, not among the differences.
  public var residency = ReplayReport.Residency()
  /// What differed, each shrunk; a subject ends with its first one.
  public var differences: [Difference] = []
  public var seconds = 0.0

  /// The first difference of a subject, shrunk.
  public struct Difference: Codable, Sendable {
    /// Which subject of the run it was, from 1.
    public var subject: Int
    public var profile: FuzzProfile
    /// The step of that subject at which it showed.
    public var step: Int
    /// The steps left after shrinking.
    public var shrunkSteps: Int
    public var what: String
    public var kernel: String
    public var octavo: String
    /// The shrunk steps as an oracle log.
    public var script: String
  }
}
