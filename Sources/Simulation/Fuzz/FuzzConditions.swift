internal import CSubject
internal import Recordings

/// What a subject runs under: the machine's facts, and limits that depend on the seed.
struct FuzzConditions {
  let profile: FuzzProfile
  let limits: subject_limits
  let header: RecordingHeader

  /// As in the oracle logs: one subject in four has a small `RLIMIT_DATA`, one a small `RLIMIT_AS`;
  /// half have a larger `RLIMIT_MEMLOCK`.
  init(_ profile: FuzzProfile, seed: UInt64) {
    self.profile = profile
    let variesSpace = profile != .files && profile != .fork
    let factor: UInt64 = profile == .all ? 4 : 1
    let hasMoreLocked = profile != .basic && seed % 2 == 0
    let wanted = subject_limits(
      address_space: variesSpace && seed % 4 == 0 ? factor * 256 << 20 : .max,
      data: variesSpace && seed % 4 == 3 ? factor * 64 << 20 : .max,
      locked: hasMoreLocked ? 256 << 20 : 8 << 20, stack: 8 << 20)
    limits = subject_allowed_limits(wanted)
    var header = RecordingHeader.ofThisMachine(hasRandomLayout: false)
    header.source = .oracle
    header.stackLimit = limits.stack
    header.addressSpaceLimit = limits.address_space == .max ? nil : limits.address_space
    header.dataLimit = limits.data == .max ? nil : limits.data
    header.lockedLimit = limits.locked
    self.header = header
  }
}
