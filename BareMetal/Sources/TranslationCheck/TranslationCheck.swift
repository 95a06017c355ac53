// A processor against the model of one: both read the same tables, and must say the same.
//
//     PageTable ── map, unmap, protect, split, collapse, fold … ──> tables in RAM
//                                                                   │        │
//        question: address, read/write/fetch, privilege             ▼        ▼
//                     └─────────────────────────────────────>  MMU model   hardware
//                                                                   │        │
//                                                               prediction  answer
//                                                                   └── == ──┘
//
// Idea. The tests of module Machine compare the MMU with a second reading of the manuals by the
// same people. An emulator is somebody else's reading; silicon would be the last word. So an image
// builds random tables with the operations that the kernel uses, and asks.
//
// Two kinds of answers: an instruction that only translates (arm64: AT) tells address, memory type
// and shareability for any physical address; an access that is made tells what a program would
// see, with the syndrome of the exception, and which marks hardware leaves in the descriptor.
// The model marks leaves too; so the descriptor gets its former value back between the two.
//
// A round has fresh tables, its own control bits, 500 ranges and 5000 addresses; now and then a
// descriptor gets a random bit flipped, so that nonsense is compared as well.
internal import Machine
public import MemoryTypes
public import PhysicalMemory

/// Compares `processor` with the model over all rounds of a plan, and writes one line.
public struct TranslationCheck<Processor: TestedProcessor, Console: TextSink> {
  var processor: Processor
  let targets: Targets
  let plan: Plan
  var console: Console

  public init(_ processor: Processor, targets: Targets, plan: Plan, console: Console) {
    self.processor = processor
    self.targets = targets
    self.plan = plan
    self.console = console
  }

  /// Asks everything; returns the number of differences.
  ///
  /// - Throws: `outOfMemory` where `pages` has too few frames for the tables.
  public mutating func run(
    _ name: StaticString, pages: Ref<PageAllocator>
  ) throws(AllocationError) -> UInt64 {
    var tally = Tally()
    var random = SeededGenerator(seed: plan.seed)
    let freePages = pages.pointee.freePageCount
    for _ in 0..<plan.rounds {
      processor.vary(&random)
      var trial = try Trial.make(
        processor, targets: targets, plan: plan, pages: pages, console: console, random, tally)
      try trial.run()
      (random, tally) = (trial.random, trial.tally)
      trial.finish()
    }
    precondition(pages.pointee.freePageCount == freePages, "tables were lost")
    console.write(name)
    console.write(": ")
    tally.write(to: &console)
    return tally.differences
  }
}
