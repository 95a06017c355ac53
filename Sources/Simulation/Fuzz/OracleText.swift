internal import Foundation
internal import MemoryTypes
internal import Recordings

/// Writes an oracle log, as `OracleReader` reads it.
enum OracleText {
  /// The log of a subject's steps and what the kernel answered.
  static func log(of reader: LiveReader, _ events: [RecordedEvent]) -> String {
    var lines = header(reader.header, reader.files, steps: reader.steps.count)
    lines += reader.header.initialMaps.map { "| \(padded($0))" }
    for event in events { lines += self.lines(of: event) }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func header(
    _ header: RecordingHeader, _ files: [RecordedFile], steps: Int
  ) -> [String] {
    [
      "# mmoracle 1",
      "# kernel \(header.kernel ?? "unknown") arch x86_64 page 4096 calls \(steps)"
        + " overcommit \(header.overcommit ?? 0) max_map_count \(header.maxMapCount ?? 65530)"
        + " stack_limit \(limit(header.stackLimit)) thp \(header.transparentHugePages ?? "never")"
        + " shmem_thp \(header.sharedMemoryHugePages ?? "never")",
      "# task_size \(hex(header.taskSize ?? 0)) mmap_min_addr \(header.mmapMinimumAddress ?? 0)"
        + " rlimit_stack \(limit(header.stackLimit)) rlimit_as \(limit(header.addressSpaceLimit))"
        + " rlimit_data \(limit(header.dataLimit)) rlimit_memlock \(limit(header.lockedLimit))"
        + " mem_total_kb \((header.totalMemory ?? 0) / 1024)"
        + " stack_guard_gap_pages \(header.stackGuardGapPages ?? 256)"
        + " hpage_pmd_size \(header.hugePageSize ?? 0) personality ADDR_NO_RANDOMIZE",
      "# " + zip(FuzzFile.all, files).map(describe).joined(separator: " ; "),
      "# descriptors " + FuzzDescriptor.open.map(\.text).joined(separator: ", "),
      "# brk start \(hex(header.programBreak ?? 0))",
    ]
  }

  private static func describe(_ file: FuzzFile, _ recorded: RecordedFile) -> String {
    let formula = "byte i = (i*\(file.factor)+\(file.offset))&0xff"
    if file.isMemory {
      return "memfd \(file.name) size \(file.size) content: \(formula)"
        + " for i < \(file.filled), the rest a hole"
    }
    return "file \(file.name) path \(recorded.path) fs \(recorded.fileSystem) size \(file.size)"
      + " content: \(formula)"
  }

  private static func limit(_ bytes: UInt64?) -> String { bytes.map { "\($0)" } ?? "inf" }

  /// A step's line, or those of a change of the maps; a child's stand two blanks to the right.
  private static func lines(of event: RecordedEvent) -> [String] {
    let indent = event.task == 0 ? "" : "  "
    if case .mapsChange(let removed, let added) = event.body {
      return removed.map { "\(indent)- \(padded($0))" } + added.map { "\(indent)+ \(padded($0))" }
    }
    return ["\(indent)\(event.position) \(text(of: event.body))"]
  }

  private static func text(of body: RecordedEvent.Body) -> String {
    switch body {
    case .call(let call): "\(CallText.call(call)) = \(CallText.result(of: call))"
    case .probe(let probe): text(of: probe)
    case .fork: "fork() = child"
    case .exit: "exit(0)"
    default: ""
    }
  }

  private static func text(of probe: OracleProbe) -> String {
    switch probe {
    case .access(.write, let address, let value, let outcome):
      "write(\(hex(address)), \(hex(UInt64(value ?? 0)))) = \(outcome.text ?? "ok")"
    case .access(_, let address, let value, let outcome):
      "read(\(hex(address))) = \(outcome.text ?? hex(UInt64(value ?? 0)))"
    case .faults(let minor, let major):
      "faults() = minflt +\(minor)" + (major > 0 ? " majflt +\(major)" : "")
    case .mincore(let address, let length, let bits, let error):
      "mincore(\(hex(address)), \(length)) = "
        + (error.map(CallText.error) ?? "[" + bits.map { $0 ? "1" : "0" }.joined() + "]")
    case .pagemap(let address, let length, let states):
      "pagemap(\(hex(address)), \(length)) = [" + states.map(\.letter).joined() + "]"
    case .vmFlags(let address, let flags):
      "vmflags(\(hex(address))) = " + flags.joined(separator: " ")
    case .status(let sizes):
      "status() = "
        + LiveTask.statusNames.map { "\($0) \(sizes[$0] ?? 0)" }.joined(separator: " ")
    }
  }

  private static func padded(_ line: MapLine) -> String {
    let letters = line.description.split(separator: " ")[1]
    let numbers = "\(padded(line.start))-\(padded(line.end)) \(letters) \(padded(line.offset))"
    return line.path.isEmpty ? numbers : "\(numbers) \(line.path)"
  }

  private static func padded(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: max(0, 8 - digits.count)) + digits
  }

  private static func hex(_ value: UInt64) -> String { CallText.hex(value) }
}

extension OracleProbe.AccessOutcome {
  /// The signal as logs spell it; nil for none.
  var text: String? {
    switch self {
    case .done: nil
    case .segvMapError: "SIGSEGV MAPERR"
    case .segvAccessError: "SIGSEGV ACCERR"
    case .segvKernel: "SIGSEGV SI_KERNEL"
    case .busAddressError: "SIGBUS ADRERR"
    }
  }
}

extension OracleProbe.PageState {
  fileprivate var letter: String {
    switch self {
    case .absent: "."
    case .present: "P"
    case .swapped: "S"
    }
  }
}

extension FuzzDescriptor {
  var text: String {
    let mode =
      switch access {
      case .readOnly, .unknown: "O_RDONLY"
      case .writeOnly: "O_WRONLY"
      case .readWrite: "O_RDWR"
      }
    return "\(name) \(mode) on \(FuzzFile.all[Int(file ?? 0)].name)"
  }
}
