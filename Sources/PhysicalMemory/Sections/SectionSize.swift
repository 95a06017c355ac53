public import Machine
public import MemoryTypes

/// How much memory is described, added and taken out as one: a section. Linux: `SECTION_SIZE_BITS`.
///
/// | machine            | section |
/// | ------------------ | ------- |
/// | x86-64             | 128 MiB |
/// | arm64, 4K and 16K  | 128 MiB |
/// | arm64, 64K         | 512 MiB |
/// | i386 with PAE      | 512 MiB |
/// | i386               |  64 MiB |
///
/// Linux: arch/*/include/asm/sparsemem.h (6.12).
public enum SectionSize {
  /// The order of a section in frames of `pageSize`.
  public static func order(
    _ architecture: Architecture, _ pageSize: PageSize, hasPAE: Bool = true
  ) -> Order {
    let bits: UInt8 =
      switch architecture {
      case .x86_64: 27
      case .arm64: pageSize == .size64K ? 29 : 27
      case .i386: hasPAE ? 29 : 26
      }
    return Order(bits - pageSize.shift)
  }
}
