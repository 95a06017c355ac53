internal import MemoryTypes
internal import PhysicalMemory
internal import Recordings

extension BootComparison {
  /// What /proc/zoneinfo, read first, says about each zone.
  static func compareZoneInfo(
    _ model: BootModel, _ folder: BootFolder, _ kernel: BootKernel, _ report: inout BootReport
  ) {
    for zone in folder.zones {
      let subject = "node \(zone.node) \(zone.name)"
      let known = Zone.Kind(name: zone.name).flatMap { model[zone.node, $0] }
      let computed = known ?? BootModel.Zone(node: zone.node, span: .empty(.movable))
      func compare(_ figure: String, _ kernel: UInt64?, _ ours: PageCount) {
        guard let kernel else { return }
        report.compare(subject, figure, kernel: kernel, computed: ours.rawValue)
      }
      compare("start", zone.start, PageCount(computed.span.start.rawValue))
      compare("spanned", zone.spanned, computed.span.spanned)
      compare("present", zone.present, computed.span.present)
      compare("managed", zone.managed, computed.managed)
      compare("contiguous", zone.contiguous, computed.contiguous)
      compare("min", zone.minimum, computed.marks.min)
      compare("low", zone.low, computed.marks.low)
      compare("high", zone.high, computed.marks.high)
      compare("promo", zone.promo, computed.marks.promo)
      compare("batch", zone.listBatch, computed.lists.batch)
      if !kernel.tunesLists { compare("list high", zone.listHigh, computed.lists.highMinimum) }
      compare(
        "vm stat threshold", zone.statisticsThreshold,
        PageCount(computed.statisticsThreshold))
      compareReserve(
        subject, "reserve at first", zone.protection, computed.reserveAtMarks, kernel.zoneNames,
        &report)
    }
  }

  /// The reserve of a zone, from requests for each zone of the node, as one record.
  static func compareReserve(
    _ subject: String, _ figure: String, _ values: [UInt64], _ reserve: LowMemoryReserve,
    _ names: [String], _ report: inout BootReport
  ) {
    guard !values.isEmpty else { return }
    let ours = names.map { name in
      // A zone without a kind lies above all others and adds nothing to what they have.
      reserve[Zone.Kind(name: name) ?? .movable].rawValue
    }
    report.compare(
      subject, figure, kernel: values.map(String.init).joined(separator: " "),
      computed: ours.map { String($0) }.joined(separator: " "))
  }

  /// What the kernel's structures, read last, say about each zone.
  static func compareStructures(
    _ model: BootModel, _ folder: BootFolder, _ report: inout BootReport
  ) {
    let names = folder.structures.zones.filter { $0.node == folder.structures.zones[0].node }
      .map(\.name)
    for zone in folder.structures.zones {
      let subject = "node \(zone.node) \(zone.name), structure"
      let kind = Zone.Kind(name: zone.name)
      let known = kind.flatMap { model[zone.node, $0] }
      let empty = BootModel.Zone(
        node: zone.node, span: .empty(.movable), lists: .ofEmptyZone)
      let computed = known ?? empty
      let marks = computed.marks
      let figures: [(String, [PageCount])] = [
        ("start", [PageCount(computed.span.start.rawValue)]), ("spanned", [computed.span.spanned]),
        ("present", [computed.span.present]), ("managed", [computed.managed]),
        ("wm", [marks.min, marks.low, marks.high, marks.promo]), ("cma", [computed.contiguous]),
        ("pcp_batch", [computed.lists.batch]), ("pcp_high_min", [computed.lists.highMinimum]),
        ("pcp_high_max", [computed.lists.highMaximum]),
      ]
      for (key, ours) in figures {
        guard let theirs = zone.values[key] else { continue }
        report.compare(
          subject, key, kernel: theirs.map(String.init).joined(separator: " "),
          computed: ours.map { String($0.rawValue) }.joined(separator: " "))
      }
      compareReserve(
        subject, "reserve", zone.values["reserve"] ?? [], computed.reserve, names, &report)
    }
  }
}

extension PerCPUMarks {
  /// Of a zone that never has memory, such as Device.
  fileprivate static var ofEmptyZone: PerCPUMarks {
    PerCPUMarks(managed: .zero, low: .zero, processors: 1, .size4K)
  }
}
