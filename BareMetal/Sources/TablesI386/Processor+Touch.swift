import CI386
import Machine
import MemoryTypes
import MetalI386
import TranslationCheck

extension Processor {
  func touch(_ question: Question, _ unit: TargetUnit?) -> Answer {
    let token: UInt32 = 0xC0FF_EE01
    unsafe probe = Probe()
    let loaded = access(question, token)
    let end = unsafe probe ?? Probe()
    unsafe probe = nil
    if format.bits.rootGrantsAll { clearRootMarks() }
    if let fault = end.fault(of: question) { return fault }
    switch question.access {
    case .read: return Answer(place: UInt64(question.privilege == .user ? end.value : loaded))
    case .write: return Answer(place: unit?.token == token ? unit?.address.rawValue ?? 0 : .max)
    case .execute: return Answer(place: unit?.address.rawValue ?? 0)
    }
  }

  /// QEMU 7.2 sets the accessed bit in the four entries of PAE's root, where it is reserved (SDM
  /// volume 3A, table 5-8); processors leave them alone, and the model would report the bit.
  private func clearRootMarks() {
    let root = UInt(read_cr3()) + directMapStart
    for index in 0..<4 {
      // SAFETY: the root is a page of RAM, all of which the image maps.
      let entry = unsafe UnsafeMutablePointer<UInt64>(bitPattern: root + UInt(index) * 8)
      unsafe entry.unsafelyUnwrapped.pointee &= ~(1 << 5)
    }
  }

  private func access(_ question: Question, _ token: UInt32) -> UInt32 {
    let address = UInt32(question.address.rawValue)
    let load = UInt32(userProbes) + (user_probe_load_address() - user_probes_address())
    let store = UInt32(userProbes) + (user_probe_store_address() - user_probes_address())
    switch (question.access, question.privilege) {
    case (.read, .kernel): return probe_load(address + 8)
    case (.read, .user): probe_user(load, address + 8, 0)
    case (.write, .kernel): probe_store(address + 4, token)
    case (.write, .user): probe_user(store, address + 4, token)
    case (.execute, .kernel): probe_fetch(address)
    case (.execute, .user): probe_user(address, 0, 0)
    }
    return 0
  }

  func expectedTouch(_ question: Question, _ prediction: Prediction) -> Answer {
    switch prediction {
    case .memory(let physical, _): return Answer(place: physical.rawValue)
    case .fault(let fault):
      let code = fault.pageFaultErrorCode(reportsFetch: control.contains(.reportsFetch))
      return Answer(
        fault: code, at: UInt64(question.address.rawValue) + Probe.offset(of: question.access))
    }
  }
}

/// How the access of the moment ended.
struct Probe {
  /// The vector of its trap; nil if there was none.
  var vector: UInt32?
  var error: UInt32 = 0
  var address: UInt32 = 0
  /// What ring 3 had loaded.
  var value: UInt32 = 0

  static func offset(of access: MemoryAccess) -> UInt64 {
    switch access {
    case .read: 8
    case .write: 4
    case .execute: 0
    }
  }

  /// UD2 is the good end of a fetch and of everything that ring 3 does.
  func fault(of question: Question) -> Answer? {
    guard let vector else { return nil }
    let pageFault: UInt32 = 14
    let undefinedInstruction: UInt32 = 6
    // QEMU 7.2 leaves P out beside RSVD, which SDM volume 3A, 5.7, says is not possible.
    let present = error >> 3 & 1
    if vector == pageFault { return Answer(fault: error | present, at: UInt64(address)) }
    return vector == undefinedInstruction ? nil : Answer(fault: vector << 16 | error)
  }
}

/// nil while no access may trap. One processor uses it; interrupts stay off.
nonisolated(unsafe) var probe: Probe?
