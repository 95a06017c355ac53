internal import Machine
internal import MemoryTypes

extension MachineConfiguration {
  /// The machines that have a name.
  public static let presets: [String: MachineConfiguration] = [
    "x86-server": MachineConfiguration(
      name: "x86-server", architecture: .x86_64, pageSize: .size4K, virtualAddressBits: 48,
      ram: ByteCount(4 << 30)),
    "pi5": MachineConfiguration(
      name: "pi5", architecture: .arm64, pageSize: .size4K, virtualAddressBits: 48,
      ram: ByteCount(4 << 30)),
    "graviton": MachineConfiguration(
      name: "graviton", architecture: .arm64, pageSize: .size4K, virtualAddressBits: 48,
      ram: ByteCount(8 << 30)),
    "i386": MachineConfiguration(
      name: "i386", architecture: .i386, pageSize: .size4K, virtualAddressBits: 32,
      ram: ByteCount(512 << 20)),
  ]

  /// What is used where nobody says anything.
  public static let standard = presets["x86-server"]!
}
