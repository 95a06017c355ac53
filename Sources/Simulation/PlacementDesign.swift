/// How free addresses are found.
public enum PlacementDesign: String, CaseIterable, Sendable {
  /// Below the mmap base, downwards.
  case topDown = "top-down"
  /// From a third (arm64: a quarter) of the space upwards. Linux: `vm.legacy_va_layout`.
  case bottomUp = "bottom-up"
  /// As kernels before 3.8 did it, with a cached hole; top-down and bottom-up.
  case cachedHole = "cached-hole"
  case cachedHoleUp = "cached-hole-up"

  var goesUp: Bool { self == .bottomUp || self == .cachedHoleUp }
  var keepsHole: Bool { self == .cachedHole || self == .cachedHoleUp }
}
