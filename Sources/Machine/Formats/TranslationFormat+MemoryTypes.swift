extension TranslationFormat {
  /// What the register of eight memory types must hold for the indices that leaves use.
  ///
  /// arm64: MAIR_EL1 (Arm ARM D24.2.109). x86: IA32_PAT (SDM volume 3A, section 13.12.2). The bytes
  /// are those of the table at `MemoryType`, lowest index first.
  public var memoryTypeRegister: UInt64 {
    hasHighRoot ? 0x00BB_0C04_0044_FFFF : 0x0407_0506_0007_0106
  }
}
