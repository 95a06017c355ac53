import Boot
import CArm64
import Machine
import MemoryTypes
import _Volatile

/// The machine as the boot check uses it.
struct MetalMachine: BootMachine {
  var hardware: MetalHardware { MetalHardware() }

  var format: TranslationFormat { .arm64(pageSize: .size4K, virtualAddressBits: 48) }

  /// The upper half has a root of its own here.
  var kernelRoot: PageFrameNumber? { nil }

  func serveFaults(by kernel: Ref<BootedKernel<MetalHardware>>?) { unsafe bootedKernel = kernel }

  func leaveSpace() {
    let root = PhysicalAddress(boot_root_address() - UInt64(directMapStart))
    hardware.loadRoot(hardware.directMap.pageSize.frame(of: root), asid: ASID(0))
    hardware.invalidateAll()
  }

  func load(_ address: VirtualAddress) -> UInt32 { register(address).load() }

  func store(_ value: UInt32, to address: VirtualAddress) { register(address).store(value) }

  /// Volatile, so that each access reaches the hardware.
  private func register(_ address: VirtualAddress) -> VolatileMappedRegister<UInt32> {
    // SAFETY: the caller says what is mapped there; the trap handler maps it or ends the machine.
    unsafe VolatileMappedRegister(unsafeBitPattern: address.rawValue)
  }
}
