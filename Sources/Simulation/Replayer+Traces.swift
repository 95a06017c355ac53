internal import AddressSpaces
internal import KernelCore
internal import Machine
internal import MemoryTypes
internal import Recordings

/// Traces of every access: the one inner loop of a replay.
extension Replayer {
  /// Lets the processor do the accesses; those that fault go through the kernel.
  func replay(_ accesses: [TracedAccess], _ event: RecordedEvent) {
    guard let task = task(of: event) else { return }
    report.traced.add(accesses)
    computer.kernel.switchTo(task.kernelTask)
    let mmu = computer.hardware.mmu
    let pageMask = UInt64(computer.configuration.pageSize.offsetMask)
    for access in accesses {
      let last = access.address &+ UInt64(access.size &- 1)
      translate(access.address, access.kind.memoryAccess, mmu, task)
      // An access across a page border needs both pages.
      if (access.address ^ last) & ~pageMask != 0 {
        translate(last, access.kind.memoryAccess, mmu, task)
      }
    }
  }

  @inline(__always)
  private func translate(
    _ address: UInt64, _ kind: MemoryAccess, _ mmu: Ref<MMU>, _ task: ReplayedTask
  ) {
    do throws(MMUFault) {
      _ = try mmu.pointee.translate(VirtualAddress(UInt(truncatingIfNeeded: address)), kind, .user)
    } catch {
      serve(address, kind, task)
    }
  }

  /// The kernel's part of an access. What a trace without its program's image cannot know is taken
  /// over: that the access succeeded.
  @inline(never)
  private func serve(_ address: UInt64, _ kind: MemoryAccess, _ task: ReplayedTask) {
    if perform(kind, at: address, task.kernelTask) == .done { return }
    if task.truth.isUnknown, adoptPage(at: address, task.kernelTask),
      perform(kind, at: address, task.kernelTask) == .done
    {
      return
    }
    report.memory.signals += 1
  }
}

extension TracedAccess.Kind {
  /// What the hardware checks: an instruction that loads and stores is one write to it.
  @inline(__always)
  var memoryAccess: MemoryAccess {
    switch self {
    case .instruction: .execute
    case .load: .read
    case .store, .modify: .write
    }
  }
}
