internal import AddressSpaces
internal import KernelCore
internal import Machine
internal import MemoryTypes
internal import PageTables
internal import PhysicalMemory
internal import Recordings

/// The story of a load or a store: TLB, walk, fault, frame, entry, byte.
extension Narrator {
  /// The entries as the processor finds them, before the access.
  func pathBefore(_ address: UInt64, _ kind: AccessKind) -> [TableStep] {
    TableStep.steps(of: address, in: space, session.computer)
  }

  func story(
    of kind: AccessKind, _ address: UInt64, _ path: [TableStep],
    _ outcome: OracleProbe.AccessOutcome
  ) -> String {
    let after = Figures(space, session.computer)
    var steps: [(String, [String])] = [("TLB", [lookUp(after)])]
    steps.append(("walk", path.map(\.text)))
    if path.isEmpty { steps.append(("walk", ["not an address that the tables translate"])) }
    if after.faults > figures.faults || outcome != .done {
      steps.append(("fault", fault(kind, address)))
    }
    if outcome == .done {
      let now = TableStep.steps(of: address, in: space, session.computer)
      let changed = zip(now, path + Array(repeating: nil, count: now.count)).filter { $0 != $1 }
      steps.append(("written", changed.map(\.0.text)))
    }
    steps.append(("counted", figures.changes(to: after, pageSize)))
    steps.append(("answer", [outcome.text ?? "the \(kind) is done"]))
    return Self.text(steps)
  }

  private func lookUp(_ after: Figures) -> String {
    let (hits, walks) = (after.hits - figures.hits, after.walks - figures.walks)
    return walks == 0 ? "\(hits) hit, no walk" : "no translation that allows it: a walk"
  }

  private func fault(_ kind: AccessKind, _ address: UInt64) -> [String] {
    let virtual = VirtualAddress(UInt(truncatingIfNeeded: address))
    guard let area = before.last(where: { $0.range.start <= virtual && virtual < $0.range.end })
    else {
      guard let above = before.first(where: { $0.range.start > virtual }) else {
        return ["no VMA holds it, and none lies above"]
      }
      let grows = above.flags.contains(.growsDown)
      return [
        "no VMA holds it; the next above is \(above.text)"
          + (grows ? ", a stack, which may grow down to it" : "")
      ]
    }
    let allowed =
      switch kind {
      case .read: area.flags.contains(.read) || area.flags.contains(.write)
      case .write: area.flags.contains(.write)
      case .execute: area.flags.contains(.execute)
      }
    let content =
      area.file != nil ? "a file's page" : kind == .write ? "a zeroed page" : "the zero page"
    return [
      "VMA \(area.text)",
      allowed ? "\(kind) is allowed there; \(content) is needed" : "\(kind) is not allowed there",
    ]
  }
}

/// Counters that calls and accesses move.
struct Figures {
  let total: UInt
  let committed: UInt
  let programBreak: UInt64
  private var rows: [(name: String, value: UInt)]
  let faults: UInt64
  let hits: UInt64
  let walks: UInt64

  init(_ space: Ref<AddressSpace>, _ computer: Computer) {
    let (accounts, resident) = (space.pointee.accounts, space.pointee.resident)
    total = accounts.total.rawValue
    programBreak = UInt64(space.pointee.programBreak.rawValue)
    committed = computer.kernel.services.pointee.commit.committed.rawValue
    faults = space.pointee.faults.minor + space.pointee.faults.major
    let counts = computer.hardware.mmu.pointee.tlb.totals
    hits = counts.firstHits + counts.secondHits
    walks = counts.walks
    rows = [
      ("mapped pages", accounts.total.rawValue), ("data pages", accounts.data.rawValue),
      ("code pages", accounts.code.rawValue), ("stack pages", accounts.stack.rawValue),
      ("locked pages", accounts.locked.rawValue),
      ("committed pages", committed),
      ("resident anonymous pages", resident.anonymous.rawValue),
      ("resident file pages", resident.file.rawValue),
      ("resident shared pages", resident.shared.rawValue),
      ("page tables", UInt(space.pointee.tables.tableCount.rawValue)),
      ("minor faults", UInt(space.pointee.faults.minor)),
      ("major faults", UInt(space.pointee.faults.major)),
      ("free frames", computer.pages.pointee.freePageCount.rawValue),
    ]
  }

  /// A line for each that moved.
  func changes(to after: Figures, _ pageSize: PageSize) -> [String] {
    zip(rows, after.rows).compactMap { old, new in
      old.value == new.value ? nil : "\(old.name) \(old.value) -> \(new.value)"
    }
  }
}
