internal import AddressSpaces
internal import KernelCore
internal import Machine
internal import MemoryTypes
internal import Recordings

/// Accesses by user code, through the MMU and the fault handler.
extension Replayer {
  /// A recorded page fault: the page is accessed and comes in.
  func touch(_ address: UInt64, _ access: AccessKind, _ event: RecordedEvent) {
    guard let task = tasks[event.task] else { return }
    if perform(access.memoryAccess, at: address, task.kernelTask) != .done {
      report.memory.signals += 1
    }
  }

  /// An access whose byte does not matter.
  func perform(
    _ kind: MemoryAccess, at address: UInt64, _ task: Ref<Task>
  ) -> OracleProbe.AccessOutcome {
    var byte: UInt8 = 0
    return perform(kind, at: address, task, &byte)
  }

  /// Translates as the processor would; a fault is served and the access done again, once. A write
  /// stores `byte`, a read loads it, where memory has contents.
  func perform(
    _ kind: MemoryAccess, at address: UInt64, _ task: Ref<Task>, _ byte: inout UInt8
  ) -> OracleProbe.AccessOutcome {
    computer.kernel.switchTo(task)
    let mmu = computer.hardware.mmu
    let virtual = VirtualAddress(UInt(truncatingIfNeeded: address))
    for _ in 0..<3 {
      do throws(MMUFault) {
        let physical = try mmu.pointee.translate(virtual, kind, .user)
        if comparesValues { move(&byte, kind, physical) }
        return .done
      } catch {
        if error.kind == .nonCanonical { return .segvKernel }
        if let signal = serve(task, virtual, kind) { return signal }
      }
    }
    return .segvKernel
  }

  private func move(_ byte: inout UInt8, _ kind: MemoryAccess, _ physical: PhysicalAddress) {
    // SAFETY: the MMU gives addresses in RAM only.
    let place = unsafe computer.hardware.directMap.pointer(to: physical)
    if kind == .write {
      unsafe place.storeBytes(of: byte, as: UInt8.self)
    } else {
      byte = unsafe place.load(as: UInt8.self)
    }
  }

  private func serve(
    _ task: Ref<Task>, _ address: VirtualAddress, _ kind: MemoryAccess
  ) -> OracleProbe.AccessOutcome? {
    do throws(FaultError) {
      try computer.kernel.pageFault(task, at: address, kind)
      return nil
    } catch {
      switch error {
      case .notMapped: return .segvMapError
      case .accessDenied: return .segvAccessError
      case .beyondFile: return .busAddressError
      case .outOfMemory: return .segvKernel
      }
    }
  }
}

extension AccessKind {
  var memoryAccess: MemoryAccess {
    switch self {
    case .read: .read
    case .write: .write
    case .execute: .execute
    }
  }
}
