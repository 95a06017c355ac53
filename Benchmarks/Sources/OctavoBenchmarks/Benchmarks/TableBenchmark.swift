import CRivals
import Foundation
import Machine
import MemoryTypes
import PageTableModel
import PageTables
import PhysicalMemory

extension Benchmark {
  /// The walker against one written by hand in C, on the same tables.
  static var walk: Benchmark {
    Benchmark(
      name: "walk", question: "walk 4 levels of warm x86-64 tables to 64 pages",
      target: "at most 1.3"
    ) { pairs in
      let bench = try TableBench(pages: 64)
      let rounds = 100_000
      let runs = try PairedRuns.measure(
        pairs: pairs, Contender(name: "walker") { bench.walk(rounds) },
        against: Contender(name: "C") { bench.walkInC(rounds) })
      return .ratio(runs, rival: "C", units: Double(rounds * 64), of: .operations)
    }
  }

  /// Filling tables in a row against the same in C.
  static var mapRange: Benchmark {
    Benchmark(
      name: "map-range", question: "map 1 GiB of 4 KiB pages, allocate and free the tables",
      target: "at least 100 M entries/s: at most 10 ns"
    ) { pairs in
      let pages: UInt = 1 << 18
      let bench = try TableBench(pages: 0)
      let runs = try PairedRuns.measure(
        pairs: pairs, Contender(name: "PageTable") { try bench.map(pages) },
        against: Contender(name: "C") { bench.mapInC(pages) })
      return .ratio(runs, rival: "C", units: Double(pages), of: .operations)
    }
  }

  /// No race: a checked run, ten million steps for each geometry, one after another.
  static var tableHistory: Benchmark {
    Benchmark(
      name: "table-history",
      question: "random steps on tables of every geometry, against a dictionary of pages",
      target: "no difference (OCTAVO_STEPS a geometry, else 200000; the long run has 10000000)"
    ) { _ in
      let environment = ProcessInfo.processInfo.environment
      let steps = environment["OCTAVO_STEPS"].flatMap(Int.init) ?? 200_000
      let seed = environment["OCTAVO_SEED"].flatMap(UInt64.init) ?? .random(in: 0...0xFFFF_FFFF)
      let geometries = TableGeometry.all
      let start = ContinuousClock.now
      for geometry in geometries { try runHistory(geometry, steps, seed) }
      let seconds = start.duration(to: .now) / .seconds(1)
      return .rate(
        seconds: [seconds], units: Double(steps * geometries.count), of: .operations)
    }
  }

  private static func runHistory(_ geometry: TableGeometry, _ steps: Int, _ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let trial = try TableTrial(geometry)
    for index in 0..<steps {
      do {
        try trial.run(TableStep.draw(geometry, &random))
        if index % 50_000 == 0 { try trial.check() }
      } catch {
        throw HistoryFailure(
          description: "\(geometry), OCTAVO_SEED=\(seed), step \(index): \(error)")
      }
    }
    try trial.finish()
    let line = "\(geometry): \(steps) steps agree, OCTAVO_SEED=\(seed)\n"
    FileHandle.standardError.write(Data(line.utf8))
  }
}

private struct HistoryFailure: Error, CustomStringConvertible {
  var description: String
}

/// Tables of ours and memory for the rival's.
@safe
private final class TableBench {
  private let machine: BenchmarkMachine
  private let format: TranslationFormat
  private var tables: PageTable<AllocatorFrames>
  private var rival: rival_tables
  private let addresses: [VirtualAddress]
  private static var data: LeafAttributes { [.read, .write, .user, .accessed, .dirty] }

  init(pages: UInt) throws {
    machine = try BenchmarkMachine(.x86_64(ram: ByteCount(64 << 20)))
    format = machine.hardware.description.translationFormat
    tables = try PageTable(format: format, pages: AllocatorFrames(machine.pages))
    // Spread, so that all levels have several tables.
    let addresses = (0..<pages).map { VirtualAddress(0x5555_5555_4000 + $0 << 12 + $0 / 8 << 33) }
    for (index, address) in addresses.enumerated() {
      try tables.map(address, to: PageFrameNumber(UInt(index)), Self.data)
    }
    self.addresses = addresses
    let size = 8 << 20
    let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 4096)
    unsafe rival = rival_tables(
      memory: memory.assumingMemoryBound(to: UInt8.self), start: 0, size: UInt64(size),
      next_frame: 1)
  }

  deinit {
    unsafe rival.memory.deallocate()
    tables.destroy()
  }

  func walk(_ rounds: Int) { keep(Self.walk(tables, addresses, rounds)) }

  /// Apart from the class, whose properties are checked at each use.
  @inline(never)
  private static func walk(
    _ tables: borrowing PageTable<AllocatorFrames>, _ addresses: [VirtualAddress], _ rounds: Int
  ) -> UInt64 {
    var sum: UInt64 = 0
    for _ in 0..<rounds {
      for address in addresses {
        guard let physical = tables.physicalAddress(of: address) else { continue }
        sum &+= physical.rawValue
      }
    }
    return sum
  }

  func walkInC(_ rounds: Int) {
    let memory = machine.hardware.directMap
    var view = unsafe rival_tables(
      memory: memory.pointer(to: memory.frames.start).assumingMemoryBound(to: UInt8.self),
      start: memory.start.rawValue, size: UInt64(memory.count.rawValue), next_frame: 0)
    let root = format.pageSize.address(of: tables.root).rawValue
    var sum: UInt64 = 0
    for _ in 0..<rounds {
      for address in addresses {
        sum &+= unsafe rival_tables_walk(&view, root, UInt64(address.rawValue))
      }
    }
    keep(sum)
  }

  func map(_ pages: UInt) throws {
    let range = VirtualRange(VirtualAddress(1 << 39), count: ByteCount(pages << 12))
    try tables.map(range, to: PageFrameNumber(0), Self.data)
    // The leaves go with their tables: nobody used them.
    tables.freeTables(range, floor: range.start, ceiling: range.end)
  }

  func mapInC(_ pages: UInt) {
    unsafe memset(rival.memory, 0, 4096)
    unsafe rival.next_frame = 1
    let isDone = unsafe rival_tables_map(
      &rival, 1 << 39, UInt64(pages), 0,
      format.leafBits(Self.data, at: .pte))
    precondition(isDone, "too few frames for the rival's tables")
  }

  /// Makes the optimiser believe that the value is used.
  @inline(never)
  private func keep(_ value: UInt64) { _ = value }
}
