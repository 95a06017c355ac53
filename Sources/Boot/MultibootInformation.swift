public import MemoryTypes
public import PhysicalMemory

/// What a multiboot 1 loader says about memory, as i386 gets it from GRUB or QEMU.
///
/// Source: Multiboot Specification 0.6.96, section 3.3. Linux reads the same BIOS table as
/// `e820__memory_setup()`, arch/x86/kernel/e820.c.
public struct MultibootInformation: MemoryMap {
  private struct Flags: OptionSet {
    let rawValue: UInt64
    static var memorySizes: Flags { Flags(rawValue: 1 << 0) }
    static var modules: Flags { Flags(rawValue: 1 << 3) }
    static var memoryMap: Flags { Flags(rawValue: 1 << 6) }
  }

  /// What the loader leaves in `eax`.
  public static var magicNumber: UInt32 { 0x2bad_b002 }

  private let memory: FirmwareBytes
  private let information: FirmwareBytes
  private let flags: Flags

  /// Reads the structure at `address`; `memory` are the bytes from physical address 0 on, as many
  /// as can be reached.
  public init(
    magic: UInt32, address: PhysicalAddress, memory: FirmwareBytes
  ) throws(FirmwareError) {
    guard magic == Self.magicNumber else { throw .noMagicNumber }
    guard let information = memory.slice(address.rawValue, count: 116),
      let flags = information.littleEndian(at: 0, width: 4)
    else { throw .truncated }
    self.memory = memory
    self.information = information
    self.flags = Flags(rawValue: flags)
  }

  /// Tells `body` all memory and what the loader put there, in the table's order, modules last.
  /// Neither sorted nor free of overlaps; empty ranges are left out. Without a table, the two sizes
  /// that every BIOS knows stand for it.
  public func forEachMemoryRange(
    _ body: (PhysicalRange, FirmwareMemory) -> Void
  ) throws(FirmwareError) {
    if flags.contains(.memoryMap) {
      try forEachEntry(body)
    } else if flags.contains(.memorySizes) {
      body(PhysicalRange(PhysicalAddress(0), count: try field(4) << 10), .usable)
      body(PhysicalRange(PhysicalAddress(1 << 20), count: try field(8) << 10), .usable)
    } else {
      throw .malformed
    }
    if flags.contains(.modules) { try forEachModule { body($0, .reserved) } }
  }

  private func forEachEntry(
    _ body: (PhysicalRange, FirmwareMemory) -> Void
  ) throws(FirmwareError) {
    guard let table = memory.slice(try field(48), count: try field(44)) else { throw .truncated }
    var offset: UInt64 = 0
    while offset < table.count {
      guard let size = table.littleEndian(at: offset, width: 4),
        let start = table.littleEndian(at: offset + 4, width: 8),
        let count = table.littleEndian(at: offset + 12, width: 8),
        let kind = table.littleEndian(at: offset + 20, width: 4)
      else { throw .truncated }
      guard size >= 20 else { throw .malformed }
      if count > 0 {
        body(PhysicalRange(PhysicalAddress(start), count: count), FirmwareMemory(biosKind: kind))
      }
      offset += size + 4
    }
  }

  private func forEachModule(_ body: (PhysicalRange) -> Void) throws(FirmwareError) {
    let count = try field(20)
    guard let table = memory.slice(try field(24), count: count * 16) else { throw .truncated }
    for index in 0..<count {
      guard let start = table.littleEndian(at: index * 16, width: 4),
        let end = table.littleEndian(at: index * 16 + 4, width: 4)
      else { throw .truncated }
      let module = PhysicalRange(PhysicalAddress(start), PhysicalAddress(end))
      if !module.isEmpty { body(module) }
    }
  }

  private func field(_ offset: UInt64) throws(FirmwareError) -> UInt64 {
    guard let value = information.littleEndian(at: offset, width: 4) else { throw .truncated }
    return value
  }
}
