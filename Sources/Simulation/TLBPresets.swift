public import Machine

extension TLBModel {
  /// The processors that have a name: what `--tlb` and `tlb:` in a machine file take.
  public static let presets: [String: TLBModel] = [
    "cortex-a76": .cortexA76,
    "neoverse-n1": .neoverseN1,
    "neoverse-v2": .neoverseV2,
    "apple-16k": .apple16K,
    "zen4": .zen4,
    "ice-lake": .iceLake,
    "i386-2010": .bonnell,
    "simple": .simple(sets: 16, ways: 4),
  ]

  /// The names of the presets, for messages.
  public static var presetNames: String { presets.keys.sorted().joined(separator: ", ") }
}
