/// Behaviour that a program can see and that changed between the kernels replayed here: 6.1, 6.12 and
/// 6.18.
///
/// One flag per rule, in force from the version in its row on; the kernel before that did what the row
/// says of it. The rows are the one place that knows a version: code asks for the rule by name.
/// `Docs/kernel-versions.md` shows the same table, and a test holds the two together.
public struct KernelRules: OptionSet, Hashable, Sendable {
  public let rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// The rules in force in a version.
  public init(_ version: LinuxVersion) {
    var rules = KernelRules()
    for index in 0..<Self.rowCount where version >= Self.row(index).since {
      rules.insert(Self.row(index).rule)
    }
    self = rules
  }

  public static var alignsAnonymousMappings: KernelRules { KernelRules(rawValue: 1 << 0) }
  public static var stackFlagRefusesHugePages: KernelRules { KernelRules(rawValue: 1 << 1) }
  public static var readOnlyReturnsPromise: KernelRules { KernelRules(rawValue: 1 << 2) }
  public static var checksBeforeReplacing: KernelRules { KernelRules(rawValue: 1 << 3) }
  public static var familySpreadsToUntouched: KernelRules { KernelRules(rawValue: 1 << 4) }
  public static var hasSeals: KernelRules { KernelRules(rawValue: 1 << 5) }
  public static var checksRemapFirst: KernelRules { KernelRules(rawValue: 1 << 6) }
  public static var remapsSeveralAreas: KernelRules { KernelRules(rawValue: 1 << 7) }
  public static var countsLocksTwice: KernelRules { KernelRules(rawValue: 1 << 8) }
  public static var previousMergesFirst: KernelRules { KernelRules(rawValue: 1 << 9) }
  public static var labelsHeapItselfOnly: KernelRules { KernelRules(rawValue: 1 << 10) }
  public static var knowsDroppableMemory: KernelRules { KernelRules(rawValue: 1 << 11) }
  public static var unlocksWholeSource: KernelRules { KernelRules(rawValue: 1 << 12) }
  public static var heapIsLikeMappings: KernelRules { KernelRules(rawValue: 1 << 13) }
  public static var alignsFromTheTop: KernelRules { KernelRules(rawValue: 1 << 14) }
  public static var heapMovesFar: KernelRules { KernelRules(rawValue: 1 << 15) }
  public static var hintsGoLower: KernelRules { KernelRules(rawValue: 1 << 16) }
}

extension KernelRules {
  /// A row of the table.
  public struct Row: Sendable {
    public let rule: KernelRules
    public let name: StaticString
    public let since: LinuxVersion
    /// The function that decides, and its file.
    public let function: StaticString
    public let now: StaticString
    public let before: StaticString
  }

  public static var rowCount: Int { ownRowCount + adviceRowCount + textRowCount }
  private static var ownRowCount: Int { 17 }

  /// The row at `index`, 0 up to `rowCount`.
  public static func row(_ index: Int) -> Row {
    if index >= ownRowCount + adviceRowCount {
      return textRow(index - ownRowCount - adviceRowCount)
    }
    if index >= ownRowCount { return adviceRow(index - ownRowCount) }
    return switch index {
    case 0..<4: placementRow(index)
    case 4..<8: mappingRow(index - 4)
    case 8..<12: mergingRow(index - 8)
    default: remappingRow(index - 12)
    }
  }
}
