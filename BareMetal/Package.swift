// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableExperimentalFeature("SuppressedAssociatedTypes"),
]

/// The modules of the core that an image uses.
let core: [Target.Dependency] = [
  "MemoryTypes", "Machine", "PhysicalMemory", "PageTables", "KernelHeap", "AddressSpaces",
  "KernelCore", "Boot",
].map {
  .product(name: $0, package: "octavo")
}

/// A package of its own, since a host build of the main one would assemble foreign start code.
let package = Package(
  name: "BareMetal",
  dependencies: [.package(name: "octavo", path: "..")],
  targets: [
    .target(name: "CFreestanding"),
    .target(name: "CArm64", dependencies: ["CFreestanding"]),
    .target(name: "CI386", dependencies: ["CFreestanding"]),
    .executableTarget(
      name: "KernelArm64", dependencies: ["CArm64"] + core, swiftSettings: strict),
    .executableTarget(
      name: "KernelI386", dependencies: ["CI386"] + core, swiftSettings: strict),
  ]
)
