/// The instruction set of a machine: what decides the form of its page tables and its limits.
@frozen
public enum Architecture: UInt8, Hashable, Sendable {
  // swift-format-ignore: AlwaysUseLowerCamelCase
  case x86_64
  case i386
  case arm64
}
