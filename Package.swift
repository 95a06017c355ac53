// swift-tools-version: 6.2
import PackageDescription

/// Settings of every target: the strictest the compiler offers.
let strict: [SwiftSetting] = [
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  // Links stand in elements that cannot be copied: `associatedtype Element: ~Copyable`.
  .enableExperimentalFeature("SuppressedAssociatedTypes"),
]

/// Where every event of a replay passes: the run-time checks of exclusive access, which debug builds
/// and tests keep, took a tenth of its time.
let hot: [SwiftSetting] =
  strict + [
    .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))
  ]

/// The core compiles as Embedded Swift too; release builds specialise across its modules.
let core: [SwiftSetting] =
  strict + [
    // A spin lock holds its value in place; Embedded has no `Mutex` to do it.
    .enableExperimentalFeature("RawLayout"),
    // Names the pause instruction of a spinning processor.
    .enableExperimentalFeature("Extern"),
    .unsafeFlags(["-cross-module-optimization"], .when(configuration: .release)),
  ]

/// The storeys of the house, lowest first: a module may import only what stands before it.
let coreModules: [(name: String, below: [Target.Dependency])] = [
  ("MemoryTypes", []),
  ("Machine", ["MemoryTypes"]),
  ("PhysicalMemory", ["MemoryTypes", "Machine"]),
  ("PageTables", ["MemoryTypes", "Machine", "PhysicalMemory"]),
  ("KernelHeap", ["MemoryTypes", "Machine", "PhysicalMemory"]),
  ("KernelSpace", ["MemoryTypes", "Machine", "PhysicalMemory", "PageTables", "KernelHeap"]),
  ("Swap", ["MemoryTypes", "Machine", "PhysicalMemory", "KernelHeap"]),
  (
    "AddressSpaces",
    ["MemoryTypes", "Machine", "PhysicalMemory", "PageTables", "KernelHeap", "Swap"]
  ),
  (
    "Contiguous",
    ["MemoryTypes", "Machine", "PhysicalMemory", "PageTables", "KernelHeap", "AddressSpaces"]
  ),
  (
    "Reclaim",
    [
      "MemoryTypes", "Machine", "PhysicalMemory", "PageTables", "KernelHeap", "Swap",
      "AddressSpaces", "Contiguous",
    ]
  ),
  (
    "KernelCore",
    [
      "MemoryTypes", "Machine", "PhysicalMemory", "PageTables", "KernelHeap", "KernelSpace",
      "Swap", "AddressSpaces", "Contiguous", "Reclaim",
    ]
  ),
  ("UserHeap", ["MemoryTypes"]),
  (
    "Boot",
    [
      "MemoryTypes", "Machine", "PhysicalMemory", "PageTables", "KernelHeap", "AddressSpaces",
      "KernelCore",
    ]
  ),
]

let package = Package(
  name: "Octavo",
  products: coreModules.map { .library(name: $0.name, targets: [$0.name]) } + [
    .library(name: "Recordings", targets: ["Recordings"]),
    .library(name: "Simulation", targets: ["Simulation"]),
    .library(name: "Report", targets: ["Report"]),
    .library(name: "PageTableModel", targets: ["PageTableModel"]),
    .library(name: "KernelHeapModel", targets: ["KernelHeapModel"]),
    .executable(name: "octavo", targets: ["octavo"]),
    .library(name: "OctavoMalloc", type: .dynamic, targets: ["OctavoMalloc"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"),
  ],
  targets: coreModules.map {
    .target(name: $0.name, dependencies: $0.below, swiftSettings: core)
  } + [
    .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "CRecorder"),
    .target(name: "CSubject"),
    .target(
      name: "Recordings",
      dependencies: [
        "MemoryTypes", "CZlib", "CRecorder",
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: hot),
    .target(
      name: "Simulation",
      dependencies: [
        "MemoryTypes", "Machine", "PhysicalMemory", "PageTables", "KernelHeap", "AddressSpaces",
        "KernelCore", "Recordings", "CSubject", .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: hot),
    .target(
      name: "Report", dependencies: ["MemoryTypes", "Machine", "AddressSpaces", "Simulation"],
      swiftSettings: strict),
    .executableTarget(
      name: "octavo",
      dependencies: [
        "MemoryTypes", "Machine", "AddressSpaces", "Recordings", "Simulation", "Report",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: strict),
    .target(
      name: "OctavoMalloc", dependencies: ["MemoryTypes", "UserHeap"], swiftSettings: strict),
    .target(
      name: "TestSupport", dependencies: ["MemoryTypes"], path: "Tests/TestSupport",
      swiftSettings: strict),
    // Apart from the tests that use it, because the long histories run in release, in Benchmarks.
    .target(
      name: "PageTableModel", dependencies: ["MemoryTypes", "Machine", "PageTables"],
      path: "Tests/PageTableModel",
      // Dictionaries are slow enough to shorten the histories that debug builds can afford.
      swiftSettings: strict + [.unsafeFlags(["-O"], .when(configuration: .debug))]),
    .target(
      name: "KernelHeapModel", dependencies: ["MemoryTypes", "PhysicalMemory", "KernelHeap"],
      path: "Tests/KernelHeapModel",
      swiftSettings: strict + [.unsafeFlags(["-O"], .when(configuration: .debug))]),
  ]
    + [
      ("MemoryTypes", []),
      ("Machine", ["MemoryTypes"]),
      ("PhysicalMemory", ["MemoryTypes", "Machine"]),
      ("PageTables", ["MemoryTypes", "Machine", "PhysicalMemory", "PageTableModel"]),
      ("KernelHeap", ["MemoryTypes", "Machine", "PhysicalMemory", "KernelHeapModel"]),
      (
        "AddressSpaces",
        ["MemoryTypes", "Machine", "PhysicalMemory", "PageTables", "KernelHeap"]
      ),
      (
        "KernelCore",
        [
          "MemoryTypes", "Machine", "PhysicalMemory", "PageTables", "KernelHeap", "AddressSpaces",
        ]
      ),
      ("Boot", ["MemoryTypes", "PhysicalMemory"]),
      ("Recordings", ["MemoryTypes", "CZlib"]),
      ("Simulation", ["MemoryTypes", "Machine", "PhysicalMemory", "KernelCore", "Recordings"]),
      ("Report", ["MemoryTypes", "AddressSpaces", "Simulation"]),
    ].map { (name: String, also: [Target.Dependency]) in
      .testTarget(
        name: "\(name)Tests", dependencies: [.init(stringLiteral: name), "TestSupport"] + also,
        swiftSettings: strict)
    } + [
      .testTarget(
        name: "CommandLineTests", dependencies: ["octavo", "TestSupport"], swiftSettings: strict)
    ]
)
