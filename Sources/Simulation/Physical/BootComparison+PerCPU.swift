internal import KernelHeap
internal import MemoryTypes
internal import Recordings

extension BootComparison {
  /// How the memory of each processor is cut: what follows from the sizes of the kernel's static data
  /// and of the area reserved for modules', which are its build's.
  static func comparePerCPU(
    _ folder: BootFolder, _ kernel: BootKernel, _ report: inout BootReport
  ) {
    var layout: PerCPULayout?
    for entry in folder.log {
      switch entry.event {
      case .perCPUUnits(let units):
        // Those that never start have units too.
        layout = PerCPULayout(units, kernel, processors: folder.run.processors)
        guard let layout else { continue }
        compare(units, layout, &report)
      case .perCPUMultiple(let atoms, let size):
        guard let layout else { continue }
        let atom = UInt64(layout.atomSize.rawValue)
        report.compare(
          "per-CPU memory", "atoms of a multiple", kernel: "\(atoms)*\(size)",
          computed: "\(UInt64(layout.allocationSize.rawValue) / atom)*\(atom)")
      default: break
      }
    }
  }

  private static func compare(
    _ units: BootPerCPUUnits, _ layout: PerCPULayout, _ report: inout BootReport
  ) {
    let pages = layout.pageSize.pages(in: layout.usedSize).rawValue
    for (figure, theirs, ours) in [
      ("pages used of a unit", units.pages, UInt64(pages)),
      ("dynamic area", units.dynamicSize, UInt64(layout.dynamicSize.rawValue)),
      ("unit", units.unitSize, UInt64(layout.unitSize.rawValue)),
    ] {
      report.compare("per-CPU memory", figure, kernel: theirs, computed: ours)
    }
  }
}

extension PerCPULayout {
  /// That of a booting kernel; nil for sizes that no kernel has.
  ///
  /// Linux: `setup_per_cpu_areas()`, arch/x86/kernel/setup_percpu.c and mm/percpu.c: x86 with 64 bits
  /// has units of huge pages, so that they can be mapped by them.
  fileprivate init?(_ units: BootPerCPUUnits, _ kernel: BootKernel, processors: UInt) {
    let limit: UInt64 = 1 << 28
    guard units.staticSize < limit, units.reservedSize < limit, units.reservedSize % 4 == 0,
      1...4096 ~= processors
    else { return nil }
    let hasHugeUnits = if case .x86 = kernel.architecture { true } else { false }
    self.init(
      staticSize: ByteCount(UInt(units.staticSize)),
      reservedSize: ByteCount(UInt(units.reservedSize)),
      atomSize: hasHugeUnits ? ByteCount(2 << 20) : kernel.pageSize.bytes,
      processors: Int(processors),
      groups: max(kernel.nodes.count { !$0.processors.isEmpty }, 1), pageSize: kernel.pageSize)
  }
}
