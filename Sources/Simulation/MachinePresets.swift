internal import Machine
internal import MemoryTypes

extension MachineConfiguration {
  /// The machines that have a name.
  public static let presets: [String: MachineConfiguration] = [
    "x86-server": MachineConfiguration(
      name: "x86-server", architecture: .x86_64, pageSize: .size4K, virtualAddressBits: 48,
      ram: ByteCount(4 << 30), tlb: .zen4),
    "x86-client": MachineConfiguration(
      name: "x86-client", architecture: .x86_64, pageSize: .size4K, virtualAddressBits: 48,
      ram: ByteCount(4 << 30), tlb: .iceLake),
    "pi5": MachineConfiguration(
      name: "pi5", architecture: .arm64, pageSize: .size4K, virtualAddressBits: 48,
      ram: ByteCount(4 << 30), tlb: .cortexA76),
    "pi5-16k": MachineConfiguration(
      name: "pi5-16k", architecture: .arm64, pageSize: .size16K, virtualAddressBits: 47,
      ram: ByteCount(4 << 30), tlb: .cortexA76),
    "pixel-16k": MachineConfiguration(
      name: "pixel-16k", architecture: .arm64, pageSize: .size16K, virtualAddressBits: 47,
      ram: ByteCount(8 << 30), tlb: .cortexA76),
    "apple-16k": MachineConfiguration(
      name: "apple-16k", architecture: .arm64, pageSize: .size16K, virtualAddressBits: 47,
      ram: ByteCount(8 << 30), tlb: .apple16K),
    "grace-64k": MachineConfiguration(
      name: "grace-64k", architecture: .arm64, pageSize: .size64K, virtualAddressBits: 48,
      ram: ByteCount(16 << 30), tlb: .neoverseV2),
    "graviton": MachineConfiguration(
      name: "graviton", architecture: .arm64, pageSize: .size4K, virtualAddressBits: 48,
      ram: ByteCount(8 << 30), tlb: .neoverseN1),
    "i386": MachineConfiguration(
      name: "i386", architecture: .i386, pageSize: .size4K, virtualAddressBits: 32,
      ram: ByteCount(512 << 20), tlb: .bonnell),
  ]

  /// What is used where nobody says anything.
  public static let standard = presets["x86-server"]!
}
