// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// The modules that are measured.
let measured: [Target.Dependency] = [
  "MemoryTypes", "Machine", "PhysicalMemory", "PageTables", "KernelHeap", "AddressSpaces",
  "KernelCore", "Recordings",
  "Simulation", "Report", "PageTableModel", "KernelHeapModel",
].map { .product(name: $0, package: "octavo") }

/// A package of its own: rivals and long runs stay out of the build and the tests of the main one.
let package = Package(
  name: "Benchmarks",
  dependencies: [.package(name: "octavo", path: "..")],
  targets: [
    .target(name: "CRivals", cSettings: [.unsafeFlags(["-O2", "-fomit-frame-pointer"])]),
    .executableTarget(
      name: "OctavoBenchmarks", dependencies: ["CRivals"] + measured, swiftSettings: strict),
  ]
)
