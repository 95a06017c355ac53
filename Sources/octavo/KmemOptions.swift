import ArgumentParser
import MemoryTypes
import Recordings
import Simulation

/// Where the trace of a page allocator was taken, for `replay` of such traces.
struct KmemOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "For traces of kmem events: /proc/zoneinfo of the machine when the trace began.",
      valueName: "F"), completion: .file())
  var zoneinfo: String?

  @Option(
    help: ArgumentHelp("Its /proc/pagetypeinfo then: free blocks by type.", valueName: "F"),
    completion: .file())
  var pagetypeinfo: String?

  @Option(
    help: ArgumentHelp(
      "Its /proc/buddyinfo then; given a second time, when the trace ended, to compare with.",
      valueName: "F"), completion: .file())
  var buddyinfo: [String] = []

  @Option(help: "A contiguous-memory area of that size, such as 64M.")
  var cma: Size?

  func validate() throws {
    if buddyinfo.count > 2 { throw ValidationError("--buddyinfo is given twice at most") }
    if buddyinfo.count + (pagetypeinfo == nil ? 0 : 1) > 0, zoneinfo == nil {
      throw ValidationError("--buddyinfo and --pagetypeinfo need --zoneinfo")
    }
  }

  /// Whether none of them was given.
  var isEmpty: Bool {
    zoneinfo == nil && pagetypeinfo == nil && buddyinfo.isEmpty && cma == nil
  }

  /// Reads the files.
  ///
  /// - Throws: `BadInput` at the first defect of one of them.
  func settings(_ machine: MachineOptions) throws -> KmemSettings {
    var settings = KmemSettings()
    if let zoneinfo { settings.zones = try ZoneinfoReader(path: zoneinfo).all() }
    if let pagetypeinfo {
      settings.pagetypeinfo = try PagetypeinfoReader(path: pagetypeinfo).all().zones
    }
    if let first = buddyinfo.first { settings.buddyinfo = try ProcTexts.buddyinfo(path: first) }
    if buddyinfo.count == 2 {
      settings.finalBuddyinfo = try ProcTexts.buddyinfo(path: buddyinfo[1])
    }
    settings.ram = machine.ram?.bytes
    settings.cma = cma?.bytes
    settings.processors = machine.cpus
    if let size = machine.pageSizes.first { settings.pageSize = size }
    return settings
  }
}
