import KernelHeap
import KernelHeapModel
import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

/// Random histories under every option of the heap; the long ones run in release, in Benchmarks.
struct LongHistoryTests {
  @Test(
    "every object keeps its contents, no two overlap, and all frames come back",
    arguments: HeapSetting.all, [1, 2])
  func histories(setting: HeapSetting, nodes: Int) throws {
    try withSeed { generator in
      let machine = try Laboratory(frames: 8192, processors: 3, nodes: nodes)
      let trial = try HeapTrial(
        setting, on: machine.pages, processors: 3, seed: generator.next(),
        enter: Laboratory.enter)
      for step in 0..<Self.steps {
        try trial.step()
        if step % (Self.steps / 8) == 0 { try trial.check() }
      }
      try trial.finish()
      #expect(trial.refusals > 0, "no fault was injected")
    }
  }

  private static var steps: Int { 20_000 }
}
