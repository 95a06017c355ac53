import CRivals
import Foundation
import Machine
import MemoryTypes
import PhysicalMemory

extension Benchmark {
  /// Two threads on two processors, each with lists of its own, against one thread that does the
  /// work of one: below 1.18 they do 1.7 times as much in the same time.
  static var perCPUThreads: Benchmark {
    Benchmark(
      name: "per-cpu-threads",
      question: "two threads with a processor's lists each, against one thread with half the work",
      target: "at most 1.18: 1.7 times the throughput on two cores"
    ) { pairs in
      let workload = Workload(slots: 512, steps: 4_000_000)
      let machine = try BenchmarkMachine(.x86_64(ram: ByteCount(1 << 30))) { $0.processors = 2 }
      machine.pages.pointee.processors = unsafe ProcessorSource(context: nil) { _ in
        Int(rival_thread_number())
      }
      let runs = try PairedRuns.measure(
        pairs: pairs, Contender(name: "two threads") { run(workload, machine.pages, threads: 2) },
        against: Contender(name: "one thread") { run(workload, machine.pages, threads: 1) })
      return .ratio(
        runs, rival: "one thread", units: Double(workload.steps.count), of: .operations)
    }
  }

  private static func run(_ workload: Workload, _ pages: Ref<PageAllocator>, threads: Int) {
    DispatchQueue.concurrentPerform(iterations: threads) { number in
      rival_set_thread_number(Int32(number))
      var live = [Ref<Page>?](repeating: nil, count: workload.slots)
      for step in workload.steps {
        if let page = live[step.slot] {
          pages.pointee.freePage(page)
          live[step.slot] = nil
        } else {
          live[step.slot] = try? pages.pointee.allocatePage(flags: .kernel)
        }
      }
      for case let page? in live { pages.pointee.freePage(page) }
    }
  }
}
