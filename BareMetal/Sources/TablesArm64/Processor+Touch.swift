import CArm64
import Machine
import MemoryTypes
import TranslationCheck

extension Processor {
  func touch(_ question: Question, _ unit: TargetUnit?) -> Answer {
    let address = UInt64(question.address.rawValue)
    let token: UInt32 = 0xC0FF_EE01
    var place = unit?.address.rawValue ?? 0
    unsafe probe = Probe()
    switch (question.access, question.privilege) {
    case (.read, .kernel): place = UInt64(probe_load(address + 8))
    case (.read, .user): place = UInt64(probe_user_load(address + 8))
    case (.write, .kernel): probe_store(address + 4, token)
    case (.write, .user): probe_user_store(address + 4, token)
    case (.execute, .kernel): probe_fetch(address)
    case (.execute, .user): probe_user_fetch(address)
    }
    let end = unsafe probe
    unsafe probe = nil
    if question.access == .write, unit?.token != token { place = .max }
    guard let end, let syndrome = end.syndrome else { return Answer(place: place) }
    let isBreakpoint = syndrome >> 26 == 0x3C && end.counter == counter(question.address)
    return isBreakpoint && question.access == .execute
      ? Answer(place: place) : Answer(fault: syndrome, at: end.address)
  }

  /// Where a branch to `address` leads: the program counter has no tag (D8.8 "Address tagging").
  private func counter(_ address: VirtualAddress) -> UInt64 {
    ignoresTags ? UInt64(address.rawValue) & (.max >> 8) : UInt64(address.rawValue)
  }

  /// Two things about execution, in which the model follows the manual. QEMU 7.2 lets EL1 execute
  /// what EL0 may write, which is never executable at EL1, whatever PXN says (D8.4.1.2.4). And with
  /// WXN it takes a leaf that hardware has yet to mark as written (DBM) for read-only, and keeps
  /// executing it after the mark.
  func isKnownToDiffer(_ question: Question, at walk: TranslationWalk) -> Bool {
    guard question.access == .execute else { return false }
    let leaf = format.attributes(of: walk.descriptor, at: walk.level)
    if question.privilege == .kernel, leaf.isSuperset(of: [.user, .write]) { return true }
    return control.isSuperset(of: [.noExecuteWritable, .marksDirty])
      && walk.descriptor & format.bits.writable != 0
  }

  func mayFlip(_ bit: UInt64, of walk: TranslationWalk) -> Bool { true }

  func expectedTouch(_ question: Question, _ prediction: Prediction) -> Answer {
    switch prediction {
    case .memory(let physical, _): return Answer(place: physical.rawValue)
    case .fault(let fault):
      var syndrome = UInt32(truncatingIfNeeded: fault.exceptionSyndrome)
      // LDTR and STTR have EL0's rights, but trap from EL1.
      if question.privilege == .user, question.access != .execute { syndrome += 1 << 26 }
      guard question.access != .execute else {
        return Answer(fault: syndrome, at: counter(question.address))
      }
      let offset: UInt64 = question.access == .read ? 8 : 4
      return Answer(fault: syndrome, at: UInt64(question.address.rawValue) + offset)
    }
  }
}
