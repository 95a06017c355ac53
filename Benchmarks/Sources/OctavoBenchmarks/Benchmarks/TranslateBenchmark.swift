import CRivals
import Machine
import MemoryTypes
import PageTables
import PhysicalMemory

extension Benchmark {
  /// The MMU's common case, an address that the TLB holds, against the same look-up in C.
  static var translate: Benchmark {
    Benchmark(
      name: "translate", question: "translate addresses that the TLB holds (16 sets, 4 ways)",
      target: "at most 1.3"
    ) { pairs in
      var description = MachineDescription.x86_64(ram: ByteCount(64 << 20))
      description.tlb = .simple(sets: 16, ways: 4)
      let machine = try BenchmarkMachine(description)
      let addresses = try mapPages(64, on: machine)
      var rival = unsafe rival_tlb()
      guard unsafe rival_tlb_init(&rival, 16, 4, 12) else {
        return .skipped(because: "no memory")
      }
      defer { unsafe rival_tlb_destroy(&rival) }
      for (index, address) in addresses.enumerated() {
        unsafe rival_tlb_fill(&rival, UInt64(address.rawValue), 1, UInt64(index), 1)
      }
      let rounds = 200_000
      let runs = try PairedRuns.measure(
        pairs: pairs,
        Contender(name: "MMU") { try translate(addresses, rounds, by: machine.hardware.mmu) },
        against: Contender(name: "C") { unsafe translate(addresses, rounds, by: &rival) })
      return .ratio(
        runs, rival: "C", units: Double(rounds * addresses.count), of: .operations)
    }
  }

  /// A program's mix on a Zen 4: 97 of 100 accesses to 48 pages, the others to 20,000.
  static var accesses: Benchmark {
    Benchmark(
      name: "accesses", question: "translate a mix of pages through two levels of TLBs and walks",
      target: "at least 50 M events/s"
    ) { pairs in
      let machine = try BenchmarkMachine(.x86_64(ram: ByteCount(256 << 20)))
      let pages = try mapPages(20_000, on: machine)
      var random = SeededGenerator(seed: 8)
      let mix = (0..<1_000_000).map { _ in
        let isNear = random.next(below: 100) < 97
        return pages[Int(random.next(below: isNear ? 48 : 20_000))]
      }
      var seconds: [Double] = []
      for _ in 0..<pairs {
        seconds.append(
          try PairedRuns.seconds(
            of: Contender(name: "MMU") { try translate(mix, 10, by: machine.hardware.mmu) }))
      }
      return .rate(seconds: seconds, units: Double(10 * mix.count), of: .events)
    }
  }

  private static func mapPages(
    _ count: UInt, on machine: BenchmarkMachine
  ) throws(AllocationError) -> [VirtualAddress] {
    let format = machine.hardware.description.translationFormat
    var table = try PageTable(format: format, pages: AllocatorFrames(machine.pages))
    var addresses: [VirtualAddress] = []
    for page in 0..<count {
      let address = VirtualAddress(0x5555_5555_4000 + page << 12)
      let frame = try machine.pages.pointee.allocatePage(flags: .user)
      try table.map(
        address, to: machine.pages.pointee.frame(of: frame),
        [.read, .write, .user, .accessed, .dirty])
      addresses.append(address)
    }
    machine.hardware.loadRoot(table.root, asid: ASID(1))
    return addresses
  }

  private static func translate(
    _ addresses: [VirtualAddress], _ rounds: Int, by mmu: Ref<MMU>
  ) throws(MMUFault) {
    var sum: UInt64 = 0
    for _ in 0..<rounds {
      for address in addresses {
        sum &+= try mmu.pointee.translate(address, .read, .user).rawValue
      }
    }
    keep(sum)
  }

  private static func translate(
    _ addresses: [VirtualAddress], _ rounds: Int, by tlb: UnsafeMutablePointer<rival_tlb>
  ) {
    var sum: UInt64 = 0
    for _ in 0..<rounds {
      for address in addresses {
        sum &+= unsafe rival_tlb_translate(tlb, UInt64(address.rawValue), 1, 1)
      }
    }
    keep(sum)
  }

  /// Makes the optimiser believe that the value is used.
  @inline(never)
  private static func keep(_ value: UInt64) { _ = value }
}
