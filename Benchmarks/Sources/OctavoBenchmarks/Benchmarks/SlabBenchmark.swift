import CRivals
import Foundation
import KernelHeap
import MemoryTypes

/// The kernel heap, safe under real threads, against allocators of user space and itself.
extension Benchmark {
  static var kernelHeap: [Benchmark] {
    [
      slab, slabSpare, slabPairs, slabPairsSpare, slabMimalloc, slabPairsMimalloc, slabDesign,
      slabPairsDesign,
      slabThreads,
    ]
  }

  private static var mix: String { "allocate and free objects of 200 bytes in random order" }
  private static var pairs: String { "kmalloc and kfree at once, 8 to 2000 bytes" }

  static var slab: Benchmark {
    Benchmark(name: "slab", question: "\(mix): SLUB of Linux 6.12", target: "at most 1") { pairs in
      try measureMix(pairs, HeapOptions(), against: .malloc)
    }
  }

  static var slabSpare: Benchmark {
    Benchmark(
      name: "slab-spare", question: "\(mix): SLUB with 64 spare objects for each processor",
      target: "at most 1"
    ) { pairs in try measureMix(pairs, spare, against: .malloc) }
  }

  static var slabPairs: Benchmark {
    Benchmark(name: "slab-pairs", question: "\(pairs): SLUB of Linux 6.12", target: "at most 1") {
      pairs in try measurePairs(pairs, HeapOptions(), against: .malloc)
    }
  }

  static var slabPairsSpare: Benchmark {
    Benchmark(
      name: "slab-pairs-spare",
      question: "\(pairs): SLUB with 64 spare objects for each processor", target: "at most 1"
    ) { pairs in try measurePairs(pairs, spare, against: .malloc) }
  }

  static var slabMimalloc: Benchmark {
    Benchmark(name: "slab-mimalloc", question: "\(mix): SLUB with 64 spare objects", target: "") {
      pairs in try measureMix(pairs, spare, against: .mimalloc)
    }
  }

  static var slabPairsMimalloc: Benchmark {
    Benchmark(name: "slab-pairs-mimalloc", question: "\(pairs): SLUB", target: "") { pairs in
      try measurePairs(pairs, HeapOptions(), against: .mimalloc)
    }
  }

  static var slabDesign: Benchmark {
    Benchmark(name: "slab-slab", question: "\(mix): SLAB against SLUB", target: "at most 1.3") {
      pairs in
      let workload = Workload.objects
      let slab = try KernelHeapUnderTest(HeapOptions(design: .slab))
      let slub = try KernelHeapUnderTest()
      let runs = try PairedRuns.measure(
        pairs: pairs, Contender(name: "SLAB") { try slab.run(workload) },
        against: Contender(name: "SLUB") { try slub.run(workload) })
      return .ratio(runs, rival: "SLUB", units: Double(workload.steps.count), of: .operations)
    }
  }

  static var slabPairsDesign: Benchmark {
    Benchmark(
      name: "slab-pairs-slab", question: "\(pairs): SLAB against SLUB", target: "at most 1.3"
    ) { pairs in
      let slab = try KernelHeapUnderTest(HeapOptions(design: .slab))
      let slub = try KernelHeapUnderTest()
      let runs = try PairedRuns.measure(
        pairs: pairs, Contender(name: "SLAB") { try slab.runPairs(pairCount, sizes) },
        against: Contender(name: "SLUB") { try slub.runPairs(pairCount, sizes) })
      return .ratio(runs, rival: "SLUB", units: Double(2 * pairCount), of: .operations)
    }
  }

  /// Below 1.18 two threads do 1.7 times as much as one in the same time.
  static var slabThreads: Benchmark {
    Benchmark(
      name: "slab-threads", question: "\(pairs): two threads against one with half the work",
      target: "at most 1.18: 1.7 times the throughput on two cores"
    ) { pairs in
      let heap = try KernelHeapUnderTest()
      func run(_ threads: Int) {
        DispatchQueue.concurrentPerform(iterations: threads) { number in
          rival_set_thread_number(Int32(number))
          try? heap.runPairs(4 * pairCount, sizes)
          rival_set_thread_number(0)
        }
      }
      let runs = try PairedRuns.measure(
        pairs: pairs, Contender(name: "two threads") { run(2) },
        against: Contender(name: "one thread") { run(1) })
      return .ratio(
        runs, rival: "one thread", units: Double(8 * pairCount), of: .operations)
    }
  }

  private static var spare: HeapOptions {
    var options = HeapOptions()
    options.spareObjects = 64
    return options
  }

  private static var pairCount: Int { 2_000_000 }
  private static var sizes: [UInt] { [8, 24, 64, 100, 200, 500, 1000, 2000] }

  private static func measureMix(
    _ pairs: Int, _ options: HeapOptions, against rival: LibraryHeap?
  ) throws -> Outcome {
    guard let rival else { return absent }
    let workload = Workload.objects
    let heap = try KernelHeapUnderTest(options)
    let runs = try PairedRuns.measure(
      pairs: pairs, Contender(name: "SlabCache") { try heap.run(workload) },
      against: Contender(name: rival.name) { rival.run(workload, size: 200) })
    return .ratio(runs, rival: rival.name, units: Double(workload.steps.count), of: .operations)
  }

  private static func measurePairs(
    _ pairs: Int, _ options: HeapOptions, against rival: LibraryHeap?
  ) throws -> Outcome {
    guard let rival else { return absent }
    let heap = try KernelHeapUnderTest(options)
    let runs = try PairedRuns.measure(
      pairs: pairs, Contender(name: "kmalloc") { try heap.runPairs(pairCount, sizes) },
      against: Contender(name: rival.name) { rival.runPairs(pairCount, sizes) })
    return .ratio(runs, rival: rival.name, units: Double(2 * pairCount), of: .operations)
  }

  private static var absent: Outcome {
    .skipped(because: "libmimalloc is not installed: scripts/setup.sh bench")
  }
}

extension Workload {
  fileprivate static var objects: Workload { Workload(slots: 20_000, steps: 2_000_000) }
}
