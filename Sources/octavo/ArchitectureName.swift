import ArgumentParser

/// An architecture as people type it.
enum ArchitectureName: String, CaseIterable, ExpressibleByArgument {
  case x86_64, i386, arm64

  /// The names of `uname -m`, of Debian and of QEMU are all understood.
  init?(argument: String) {
    switch argument.lowercased() {
    case "x86_64", "x86-64", "amd64": self = .x86_64
    case "i386", "i486", "i586", "i686", "x86": self = .i386
    case "arm64", "aarch64": self = .arm64
    default: return nil
    }
  }
}
