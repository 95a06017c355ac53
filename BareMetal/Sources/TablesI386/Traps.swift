public import CI386
import MemoryTypes
import MetalI386

/// Called by each of the 32 exception vectors; a probe's trap resumes at the end of the probe.
@c(trap_handler)
public func trapHandler(_ frame: UnsafeMutablePointer<trap_frame>) {
  guard unsafe probe != nil else { reportAndStop(unsafe frame.pointee) }
  unsafe probe = Probe(
    vector: frame.pointee.vector, error: frame.pointee.error, address: read_cr2(),
    value: frame.pointee.eax)
  let wasUser = unsafe frame.pointee.code_segment & 3 == 3
  let kernelCode: UInt32 = 0x08
  unsafe frame.pointee.counter = wasUser ? probe_user_end_address() : probe_end_address()
  unsafe frame.pointee.code_segment = kernelCode
}
