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

  /// Translates as the processor would; a fault is served and the access done again, once.
  func perform(
    _ kind: MemoryAccess, at address: UInt64, _ task: Ref<Task>
  ) -> OracleProbe.AccessOutcome {
    computer.kernel.switchTo(task)
    let mmu = computer.hardware.mmu
    let virtual = VirtualAddress(UInt(truncatingIfNeeded: address))
    for _ in 0..<3 {
      do throws(MMUFault) {
        _ = try mmu.pointee.translate(virtual, kind, .user)
        return .done
      } catch {
        if error.kind == .nonCanonical { return .segvKernel }
        if let signal = serve(task, virtual, kind) { return signal }
      }
    }
    return .segvKernel
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
