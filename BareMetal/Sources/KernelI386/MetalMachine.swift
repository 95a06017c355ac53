import Boot
import CI386
import Machine
import MemoryTypes
import _Volatile

/// The machine as the boot check uses it.
struct MetalMachine: BootMachine {
  var hardware: MetalHardware { MetalHardware() }

  var format: TranslationFormat { .i386 }

  var kernelRoot: PageFrameNumber? {
    let directory = PhysicalAddress(UInt64(UInt(boot_directory_address()) - directMapStart))
    return hardware.directMap.pageSize.frame(of: directory)
  }

  func serveFaults(by kernel: Ref<BootedKernel<MetalHardware>>?) { unsafe bootedKernel = kernel }

  func leaveSpace() {
    if let kernelRoot { hardware.loadRoot(kernelRoot, asid: ASID(0)) }
  }

  func load(_ address: VirtualAddress) -> UInt32 { register(address).load() }

  func store(_ value: UInt32, to address: VirtualAddress) { register(address).store(value) }

  /// Volatile, so that each access reaches the hardware.
  private func register(_ address: VirtualAddress) -> VolatileMappedRegister<UInt32> {
    // SAFETY: the caller says what is mapped there; the trap handler maps it or ends the machine.
    unsafe VolatileMappedRegister(unsafeBitPattern: address.rawValue)
  }
}
