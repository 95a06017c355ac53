import CArm64
public import MemoryTypes
import _Volatile

/// The PL011 serial port of QEMU's `virt` machine, through the direct map.
public struct Console: TextSink {
  public init() {}

  public func write(_ byte: UInt8) {
    let transmitterIsFull: UInt32 = 1 << 5
    // SAFETY: the boot tables map this device for as long as the kernel runs.
    let flags = unsafe VolatileMappedRegister<UInt32>(unsafeBitPattern: port + 0x18)
    let data = unsafe VolatileMappedRegister<UInt32>(unsafeBitPattern: port)
    while flags.load() & transmitterIsFull != 0 { pause_processor() }
    data.store(UInt32(byte))
  }

  private var port: UInt { directMapStart + 0x0900_0000 }
}
