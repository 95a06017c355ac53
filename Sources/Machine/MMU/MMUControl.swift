/// The bits of control registers that decide about accesses.
///
/// x86: CR0, CR4, EFER, EFLAGS. arm64: SCTLR_EL1, TCR_EL1, PSTATE. A change of `noExecuteWritable`
/// or `globalPages` shows in entries that are filled later: software invalidates, as on hardware.
@frozen
public struct MMUControl: OptionSet, Hashable, Sendable {
  public var rawValue: UInt16

  public init(rawValue: UInt16) { self.rawValue = rawValue }

  /// Read-only holds for the kernel too. x86: CR0.WP. arm64: always.
  public static var writeProtect: Self { Self(rawValue: 1 << 0) }
  /// The kernel executes nothing that is the programs'. x86: CR4.SMEP. arm64: says PXN, leaf by
  /// leaf; and never what programs may write.
  public static var noKernelExecution: Self { Self(rawValue: 1 << 1) }
  /// The kernel reads and writes nothing that is the programs'. x86: CR4.SMAP with EFLAGS.AC clear.
  /// arm64: PSTATE.PAN.
  public static var noKernelAccess: Self { Self(rawValue: 1 << 2) }
  /// What may be written is not executed. arm64: SCTLR_EL1.WXN.
  public static var noExecuteWritable: Self { Self(rawValue: 1 << 3) }
  /// Global leaves are global. x86: CR4.PGE. arm64: always.
  public static var globalPages: Self { Self(rawValue: 1 << 4) }
  /// Translations are tagged by address space. x86: CR4.PCIDE. arm64: always.
  public static var identifiers: Self { Self(rawValue: 1 << 5) }
  /// Identifiers have 16 bits, not 8. arm64: TCR_EL1.AS.
  public static var wideIdentifiers: Self { Self(rawValue: 1 << 6) }
  /// A fetch is told from a read in the error code. x86: NXE with PAE, or SMEP.
  public static var reportsFetch: Self { Self(rawValue: 1 << 7) }
  /// The hardware marks leaves as used, and as written. arm64: TCR_EL1.HA, HD. x86: always.
  public static var marksAccessed: Self { Self(rawValue: 1 << 8) }
  public static var marksDirty: Self { Self(rawValue: 1 << 9) }

  /// Bits 63:56 of an address in the low, or high, half are a tag of software's. arm64: TCR_EL1.TBI0,
  /// TBI1. Linux sets TBI0.
  public static var ignoresLowTag: Self { Self(rawValue: 1 << 10) }
  public static var ignoresHighTag: Self { Self(rawValue: 1 << 11) }

  /// How Linux programs a machine of this format, as far as Octavo's kernel relies on it; the
  /// kernel may reach what is the programs'.
  public static func standard(for format: TranslationFormat) -> MMUControl {
    var control: MMUControl = [
      .writeProtect, .noKernelExecution, .globalPages, .marksAccessed, .marksDirty,
    ]
    switch format.architecture {
    case .x86_64: control.formUnion([.identifiers, .reportsFetch])
    case .arm64: control.formUnion([.identifiers, .wideIdentifiers, .ignoresLowTag])
    case .i386: if format.bits.noExecute != 0 { control.insert(.reportsFetch) }
    }
    return control
  }

  /// The bits that x86 has in three registers.
  ///
  /// - Parameters:
  ///   - cr0: CR0, of which WP (bit 16) counts.
  ///   - cr4: CR4: PGE (7), PCIDE (17), SMEP (20), SMAP (21).
  ///   - efer: EFER: NXE (11).
  ///   - flags: EFLAGS: AC (18) suspends SMAP.
  public init(cr0: UInt64, cr4: UInt64, efer: UInt64, flags: UInt64 = 0) {
    self = [.marksAccessed, .marksDirty]
    if cr0 >> 16 & 1 != 0 { insert(.writeProtect) }
    if cr4 >> 7 & 1 != 0 { insert(.globalPages) }
    if cr4 >> 17 & 1 != 0 { insert(.identifiers) }
    if cr4 >> 20 & 1 != 0 { insert([.noKernelExecution, .reportsFetch]) }
    if cr4 >> 21 & 1 != 0, flags >> 18 & 1 == 0 { insert(.noKernelAccess) }
    if efer >> 11 & 1 != 0 { insert(.reportsFetch) }
  }
}
