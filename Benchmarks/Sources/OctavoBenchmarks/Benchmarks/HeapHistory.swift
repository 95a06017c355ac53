import CRivals
import Foundation
import KernelHeap
import KernelHeapModel
import Machine
import MemoryTypes
import PhysicalMemory

extension Benchmark {
  /// No race: a checked run, ten million steps for each design and option, one after another.
  static var heapHistory: Benchmark {
    Benchmark(
      name: "heap-history",
      question: "random steps on the heap of every design and option, each slab checked",
      target: "no difference (OCTAVO_STEPS a heap, else 200000; the long run has 10000000)"
    ) { _ in
      let environment = ProcessInfo.processInfo.environment
      let steps = environment["OCTAVO_STEPS"].flatMap(Int.init) ?? 200_000
      let seed = environment["OCTAVO_SEED"].flatMap(UInt64.init) ?? .random(in: 0...0xFFFF_FFFF)
      let settings = HeapSetting.all
      let start = ContinuousClock.now
      for setting in settings { try runHistory(setting, steps, seed) }
      let seconds = start.duration(to: .now) / .seconds(1)
      return .rate(seconds: [seconds], units: Double(steps * settings.count), of: .operations)
    }
  }

  private static func runHistory(_ setting: HeapSetting, _ steps: Int, _ seed: UInt64) throws {
    let start = ContinuousClock.now
    let machine = try BenchmarkMachine(.x86_64(ram: ByteCount(64 << 20))) { $0.processors = 3 }
    let pages = machine.pages
    // SAFETY: the function does not use the context.
    pages.pointee.processors = unsafe ProcessorSource(context: nil) { unsafe rival_processor($0) }
    let trial = try HeapTrial(setting, on: pages, processors: 3, seed: seed) {
      rival_set_thread_number(Int32($0))
    }
    for step in 0..<steps {
      do {
        try trial.step()
        if step % 10_000 == 0 { try trial.check() }
      } catch {
        throw HeapHistoryFailure(
          description: "\(setting), OCTAVO_SEED=\(seed), step \(step): \(error)")
      }
    }
    try trial.finish()
    let seconds = Int(start.duration(to: .now) / .seconds(1))
    let line = "\(setting): \(steps) steps, \(trial.refusals) without memory, \(seconds) s, "
    FileHandle.standardError.write(Data((line + "OCTAVO_SEED=\(seed)\n").utf8))
  }
}

private struct HeapHistoryFailure: Error, CustomStringConvertible {
  var description: String
}
