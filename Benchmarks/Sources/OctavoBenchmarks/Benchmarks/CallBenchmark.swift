import AddressSpaces
import CRivals
import KernelCore
import Machine
import MemoryTypes
import Simulation

extension Benchmark {
  /// The memory calls against the running kernel's, in an address space of many areas.
  static var calls: [Benchmark] {
    [10, 1_000, 60_000].flatMap { areas in
      CallScript.allCases.map { script in
        Benchmark(
          name: "\(script.rawValue)-\(areas)",
          question: "\(script.question), in a space of \(areas) areas",
          target: "at most 0.33"
        ) { pairs in try measure(script, areas: areas, pairs) }
      }
    }
  }

  private static func measure(
    _ script: CallScript, areas: Int, _ pairs: Int
  ) throws -> Outcome {
    let rounds = 20_000
    let ours = CallRun(on: try SimulatedCalls(), areas: areas)
    let live = CallRun(on: LiveCalls(), areas: areas)
    defer {
      ours.end()
      live.end()
    }
    let runs = try PairedRuns.measure(
      pairs: pairs, Contender(name: "Octavo") { ours.run(script, rounds) },
      against: Contender(name: "Linux") { live.run(script, rounds) })
    return .ratio(runs, rival: "Linux", units: Double(2 * rounds), of: .operations)
  }
}

/// What is done over and over, two calls a round.
enum CallScript: String, CaseIterable {
  case mmap, mprotect, brk, mremap

  var question: String {
    switch self {
    case .mmap: "mmap and munmap four pages"
    case .mprotect: "mprotect a page in the middle of an area and back: split and merge"
    case .brk: "brk up and down by sixteen pages"
    case .mremap: "mremap from four pages to eight and back"
    }
  }
}

/// The calls of one kernel; an error is a negative result.
protocol MemoryCalls {
  func mmap(_ length: UInt, _ protection: UInt) -> Int
  func munmap(_ address: UInt, _ length: UInt) -> Int
  func mprotect(_ address: UInt, _ length: UInt, _ protection: UInt) -> Int
  func mremap(_ address: UInt, _ oldLength: UInt, _ newLength: UInt) -> Int
  func brk(_ address: UInt) -> UInt
}

/// One kernel's address space with many areas, and a few more to work on.
struct CallRun<Calls: MemoryCalls> {
  private let calls: Calls
  private let filling: UInt
  private let fillingSize: UInt
  private let work: UInt
  private let programBreak: UInt
  private static var page: UInt { 4096 }

  /// - Parameter areas: How many areas to make: pages side by side with different protections.
  init(on calls: Calls, areas: Int) {
    self.calls = calls
    fillingSize = UInt(areas) * Self.page
    filling = Self.expect(calls.mmap(fillingSize, 0))
    for area in stride(from: UInt(1), to: UInt(areas), by: 2) {
      _ = Self.expect(calls.mprotect(filling + area * Self.page, Self.page, 1))
    }
    work = Self.expect(calls.mmap(64 * Self.page, 3))
    programBreak = calls.brk(0)
  }

  func end() {
    _ = Self.expect(calls.munmap(filling, fillingSize))
    _ = Self.expect(calls.munmap(work, 64 * Self.page))
  }

  func run(_ script: CallScript, _ rounds: Int) {
    switch script {
    case .mmap: repeatMap(rounds)
    case .mprotect: repeatProtect(rounds)
    case .brk: repeatBreak(rounds)
    case .mremap: repeatRemap(rounds)
    }
  }

  private func repeatMap(_ rounds: Int) {
    for _ in 0..<rounds {
      let start = Self.expect(calls.mmap(4 * Self.page, 3))
      _ = Self.expect(calls.munmap(start, 4 * Self.page))
    }
  }

  private func repeatProtect(_ rounds: Int) {
    let middle = work + 32 * Self.page
    for _ in 0..<rounds {
      _ = Self.expect(calls.mprotect(middle, Self.page, 1))
      _ = Self.expect(calls.mprotect(middle, Self.page, 3))
    }
  }

  private func repeatBreak(_ rounds: Int) {
    for _ in 0..<rounds {
      precondition(calls.brk(programBreak + 16 * Self.page) > programBreak, "brk failed")
      precondition(calls.brk(programBreak) == programBreak, "brk failed")
    }
  }

  private func repeatRemap(_ rounds: Int) {
    var start = Self.expect(calls.mmap(4 * Self.page, 3))
    for _ in 0..<rounds {
      start = Self.expect(calls.mremap(start, 4 * Self.page, 8 * Self.page))
      start = Self.expect(calls.mremap(start, 8 * Self.page, 4 * Self.page))
    }
    _ = Self.expect(calls.munmap(start, 4 * Self.page))
  }

  @inline(__always)
  private static func expect(_ result: Int) -> UInt {
    precondition(result >= 0, "a call failed")
    return UInt(result)
  }
}

/// The kernel that this process runs on.
struct LiveCalls: MemoryCalls {
  func mmap(_ length: UInt, _ protection: UInt) -> Int {
    rival_mmap(0, length, Int(protection), 0x22)
  }

  func munmap(_ address: UInt, _ length: UInt) -> Int { rival_munmap(address, length) }

  func mprotect(_ address: UInt, _ length: UInt, _ protection: UInt) -> Int {
    rival_mprotect(address, length, Int(protection))
  }

  func mremap(_ address: UInt, _ oldLength: UInt, _ newLength: UInt) -> Int {
    rival_mremap(address, oldLength, newLength, 1)
  }

  func brk(_ address: UInt) -> UInt { UInt(rival_brk(address)) }
}

/// Octavo's, on a simulated machine.
final class SimulatedCalls: MemoryCalls {
  private let computer: Computer
  private let task: Ref<Task>

  init() throws {
    computer = try Computer(.standard, hasContents: false)
    task = try computer.kernel.spawn(id: 1)
    let start = VirtualAddress(0x60_0000)
    task.pointee.space.pointee.setHeap(start: start, programBreak: start)
  }

  func mmap(_ length: UInt, _ protection: UInt) -> Int {
    answer { () throws(Errno) in
      try computer.kernel.mmap(
        task, address: 0, length: length, protection: protection, flags: 0x22)
    }
  }

  func munmap(_ address: UInt, _ length: UInt) -> Int {
    answer { () throws(Errno) in
      try computer.kernel.munmap(task, address: address, length: length)
      return 0
    }
  }

  func mprotect(_ address: UInt, _ length: UInt, _ protection: UInt) -> Int {
    answer { () throws(Errno) in
      try computer.kernel.mprotect(task, address: address, length: length, protection: protection)
      return 0
    }
  }

  func mremap(_ address: UInt, _ oldLength: UInt, _ newLength: UInt) -> Int {
    answer { () throws(Errno) in
      try computer.kernel.mremap(
        task, address: address, oldLength: oldLength, newLength: newLength, flags: 1, newAddress: 0)
    }
  }

  func brk(_ address: UInt) -> UInt { computer.kernel.brk(task, address) }

  @inline(__always)
  private func answer(_ call: () throws(Errno) -> UInt) -> Int {
    do throws(Errno) { return Int(bitPattern: try call()) } catch { return -1 }
  }
}
