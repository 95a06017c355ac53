internal import MemoryTypes
internal import PhysicalMemory
public import Recordings

/// Builds the machine of a recorded boot and compares it with what its kernel said.
public enum BootComparison {
  /// Compares every figure of the folder.
  ///
  /// - Throws: `BadInput` when the folder does not describe a machine that can be built.
  public static func report(_ folder: BootFolder) throws(BadInput) -> BootReport {
    let kernel = try BootKernel(folder)
    let replay = try BootReplay(folder, kernel)
    let model = BootModel(replay)
    var report = BootReport(source: folder.path, kernel: folder.run.kernel)
    compareMemblock(replay, &report)
    compareLog(model, folder, kernel, &report)
    compareZoneInfo(model, folder, kernel, &report)
    compareStructures(model, folder, &report)
    compareMachine(model, folder, &report)
    compareResources(replay, &report)
    compareCounters(model, replay, &report)
    compareSlabs(folder, kernel, &report)
    comparePerCPU(folder, kernel, &report)
    return report
  }

  /// Placements that are alike are told in one line, others one by one.
  private static func compareMemblock(_ replay: BootReplay, _ report: inout BootReport) {
    let equal = replay.placements.count { $0.expected == $0.computed }
    report.compare(
      "memblock", "blocks placed", kernel: replay.placements.count, computed: equal)
    for placement in replay.placements where placement.expected != placement.computed {
      report.compare(
        "memblock", "line \(placement.line): \(placement.what)",
        kernel: text(placement.expected), computed: text(placement.computed))
    }
    for (line, isEqual) in replay.configurations {
      report.compare(
        "memblock", "configuration, line \(line)", kernel: "as logged",
        computed: isEqual ? "as logged" : "otherwise")
    }
    let (memory, reserved) = (replay.memory.memblock.memory, replay.memory.memblock.reserved)
    for (name, list, last) in [
      ("memory", memory, replay.folder.lastMemory),
      ("reserved", reserved, replay.folder.lastReserved),
    ] {
      guard let last else { continue }
      report.compare(
        "memblock", "\(name) at last", kernel: "as shown",
        computed: BootMemory.isEqual(list, last) ? "as shown" : "otherwise")
    }
    if replay.unexplained > 0 {
      report.leaveOut("memblock", "blocks of unknown requests", "\(replay.unexplained)")
    }
  }

  private static func text(_ address: UInt64?) -> String {
    address.map(hexadecimal) ?? "no room"
  }

  private static func hexadecimal(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }

  /// What the log says about zones and nodes.
  private static func compareLog(
    _ model: BootModel, _ folder: BootFolder, _ kernel: BootKernel, _ report: inout BootReport
  ) {
    let orders = FallbackOrders(folder.run, kernel.nodes)
    for entry in folder.log {
      switch entry.event {
      case .zone(let name, let range):
        guard let kind = Zone.Kind(name: name) else { continue }
        let limits = model.limits[kind]
        let bytes = PhysicalRange(
          kernel.pageSize.address(of: limits.start), kernel.pageSize.address(of: limits.end))
        report.compare(
          "machine", "range of \(name)", kernel: text(range.map(PhysicalRange.init)),
          computed: text(bytes))
      case .movableStart(let node, let address):
        let start = model.movable[node].map { kernel.pageSize.address(of: $0).rawValue }
        report.compare(
          "node \(node)", "start of Movable", kernel: hexadecimal(address),
          computed: text(start))
      case .fallbackOrder(let node, let order):
        report.compare(
          "node \(node)", "fallback order", kernel: order, computed: orders[node])
      default: break
      }
    }
  }

  private static func text(_ range: PhysicalRange?) -> String {
    guard let range, !range.isEmpty else { return "empty" }
    return "\(hexadecimal(range.start.rawValue))-\(hexadecimal(range.end.rawValue - 1))"
  }

  /// Memory in /proc/iomem and what it holds; devices are not memblock's.
  private static func compareResources(_ replay: BootReplay, _ report: inout BootReport) {
    guard !replay.resources.isEmpty else { return }
    var isMemory = false
    let shown = replay.folder.resources.filter { resource in
      if resource.depth == 0 { isMemory = ["System RAM", "reserved"].contains(resource.name) }
      return isMemory
    }
    let equal = zip(shown, replay.resources).count { $0 == $1 }
    report.compare(
      "memblock", "lines of iomem", kernel: shown.count,
      computed: shown.count == replay.resources.count ? equal : replay.resources.count)
  }

  private static func compareMachine(
    _ model: BootModel, _ folder: BootFolder, _ report: inout BootReport
  ) {
    if let kilobytes = folder.settings["min_free_kbytes"] {
      report.compare(
        "machine", "min_free_kbytes", kernel: kilobytes, computed: model.minimumFreeKilobytes)
    }
    if let reserve = folder.structures.totalReserve {
      report.compare(
        "machine", "total reserve", kernel: reserve, computed: model.totalReserve.rawValue)
    }
    if model.unplaced > 0 {
      report.leaveOut("machine", "bytes given back at an unknown place", "\(model.unplaced)")
    }
  }
}
