import ArgumentParser
import Foundation
import Recordings
import Report
import Simulation

extension ReplayCommand {
  /// Replays what the files tell of a page allocator: folders with snapshots and a trace, or traces of
  /// kmem events alone. False, and nothing done, when they are recordings of programs.
  ///
  /// - Throws: `ValidationError` where kinds are mixed.
  func replaysAllocators() throws -> Bool {
    let folders = files.compactMap { PhysicalFolder($0) }
    guard folders.isEmpty else {
      guard folders.count == files.count else {
        throw ValidationError("folders of a page allocator are replayed by themselves")
      }
      try replay(folders)
      return true
    }
    let traces = format == nil ? files.filter { KernelTraceReader.recognises(path: $0) } : []
    guard !traces.isEmpty else {
      guard kmem.isEmpty else {
        throw ValidationError(
          "--zoneinfo, --pagetypeinfo, --buddyinfo and --cma are for kmem traces")
      }
      return false
    }
    guard traces.count == files.count else {
      throw ValidationError("traces of kmem events are replayed by themselves")
    }
    let heaps = traces.filter(KmallocReplay.recognises)
    guard !heaps.isEmpty else {
      try replay(traces: traces)
      return true
    }
    guard heaps.count == traces.count, kmem.isEmpty else {
      throw ValidationError("traces of a heap are replayed by themselves, without a zone's texts")
    }
    try replay(heaps: heaps)
    return true
  }

  /// Foretells every frame of the traces and compares, with or without `--check`.
  private func replay(_ folders: [PhysicalFolder]) throws {
    let reports = try folders.map { try PhysicalCheck($0).run() }
    try json.write { try JSONReport.data(format: "octavo-allocator-check", reports) }
    if !json.replacesText { StandardStreams.write(PhysicalCheckText.text(of: reports)) }
    if check, reports.contains(where: { $0.differenceCount > 0 }) { throw ExitStatus.difference }
  }

  private func replay(traces: [String]) throws {
    let settings = try kmem.settings(machine)
    let bar = ProgressBar("replaying")
    let reports = try traces.map { file in
      defer { bar.wipe() }
      return try KmemReplay(
        KernelTraceReader(path: file), source: file, on: settings, progress: bar.update
      ).run()
    }
    try json.write { try JSONReport.data(format: "octavo-kmem", reports) }
    guard !json.replacesText else { return }
    StandardStreams.write(
      reports.map { KmemText($0).text(width: Terminal.width) }.joined(separator: "\n"))
  }

  private func replay(heaps: [String]) throws {
    var settings = KmallocSettings()
    if let designs = machine.slab?.designs { settings.designs = designs }
    if let ram = machine.ram { settings.ram = ram.bytes }
    if let size = machine.pageSizes.first { settings.pageSize = size }
    settings.processors = machine.cpus
    let bar = ProgressBar("replaying")
    let reports = try heaps.map { file in
      defer { bar.wipe() }
      return try KmallocReplay(
        KernelTraceReader(path: file), source: file, on: settings, progress: bar.update
      ).run()
    }
    try json.write { try JSONReport.data(format: "octavo-kmalloc", reports) }
    guard !json.replacesText else { return }
    StandardStreams.write(
      reports.map { KmallocText($0).text(width: Terminal.width) }.joined(separator: "\n"))
  }
}
