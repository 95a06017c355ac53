public import CArm64
import MemoryTypes
import MetalArm64

/// How the access of the moment ended.
struct Probe {
  /// ESR_EL1 of its trap; nil if there was none.
  var syndrome: UInt32?
  var address: UInt64 = 0
  var counter: UInt64 = 0
}

/// nil while no access may trap. One processor uses it; interrupts stay off.
nonisolated(unsafe) var probe: Probe?

/// PSTATE of the image at EL1 with all masked, PAN as the round has it: a trap from EL0 loses it.
nonisolated(unsafe) var ownStatus: UInt64 = 0x3C5

/// Called by each of the sixteen vectors; a probe's trap resumes behind the call of the probe.
@c(trap_handler)
public func trapHandler(_ frame: UnsafeMutablePointer<trap_frame>, _ kind: UInt32) {
  guard unsafe probe != nil else { reportAndStop(unsafe frame.pointee, kind) }
  unsafe probe = Probe(
    syndrome: UInt32(truncatingIfNeeded: read_esr_el1()), address: read_far_el1(),
    counter: frame.pointee.counter)
  unsafe frame.pointee.counter = frame.pointee.general.30
  unsafe frame.pointee.status = ownStatus
}
