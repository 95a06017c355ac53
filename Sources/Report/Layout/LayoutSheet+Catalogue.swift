internal import AddressSpaces
public import MemoryTypes

extension LayoutSheet {
  /// Every layout that Linux 6.12 can be configured for on the architectures of the house.
  public static func all(stackLimit: ByteCount = ByteCount(8 << 20)) -> [LayoutSheet] {
    let x86: [Platform] = [.x86_64, .x86FiveLevel, .i386, .i386OnX86]
    let arm64: [(PageSize, [UInt8])] = [
      (.size4K, [39, 48, 52]), (.size16K, [36, 47, 48, 52]), (.size64K, [42, 48, 52]),
    ]
    return x86.map { LayoutSheet(platform: $0, pageSize: .size4K, stackLimit: stackLimit) }
      + arm64.flatMap { size, widths in
        widths.map {
          LayoutSheet(
            platform: .arm64(virtualAddressBits: $0), pageSize: size, stackLimit: stackLimit)
        }
      }
  }

  /// Bits of an address below the task size.
  public var virtualAddressBits: Int {
    UInt.bitWidth - (layout.taskSize.rawValue - 1).leadingZeroBitCount
  }
}
