#if os(Linux)

  internal import CRecorder
  internal import Glibc
  internal import SystemPackage

  /// Tells how a faulting page was accessed, which the samples do not say.
  ///
  /// 1. The address lies at the instruction or less than 16 bytes (an instruction's length) behind
  ///    its start: it was fetched.
  /// 2. The instruction that faulted, read from the mapped file or the living process, reads or
  ///    writes memory (`InstructionAccess`).
  /// 3. It does both, cannot be had, or was the kernel's own: the mapping at the address, as far as
  ///    it is known; writable means written.
  /// 4. Nothing known: written, since memory that is already gone was mostly the heap's.
  ///
  /// Maps are those of the running process when the samples are collected, or those it had at its
  /// exit; so a process that executed meanwhile may be judged by its new image.
  struct AccessGuess {
    private struct Process {
      var maps: [MapLine] = []
      var instructions: [UInt64: InstructionAccess] = [:]
    }

    private var processes: [Int32: Process] = [:]

    /// Looks at the maps of the processes that samples came from; `exits` are those of address
    /// spaces that have ended.
    mutating func learn(from samples: [FaultSample], exits: [(Int32, [MapLine])]) {
      let seen = Set(samples.map(\.process))
      if processes.count > 1024 { processes = processes.filter { seen.contains($0.key) } }
      for process in seen where !exits.contains(where: { $0.0 == process }) {
        if let lines = ProcessFiles.maps(of: process), !lines.isEmpty {
          processes[process, default: Process()].maps = lines
        }
      }
      for (task, lines) in exits { processes[task, default: Process()].maps = lines }
    }

    /// The process has a new image: what stood at an address says nothing any more.
    mutating func forget(_ process: Int32) { processes[process]?.instructions = [:] }

    mutating func access(of sample: FaultSample) -> AccessKind {
      if sample.address &- sample.instruction < 16 { return .execute }
      switch instruction(of: sample) {
      case .read: return .read
      case .write: return .write
      case .unknown: break
      }
      guard let line = line(at: sample.address, in: sample.process) else { return .write }
      return line.permissions.contains(.write) ? .write : .read
    }

    private mutating func instruction(of sample: FaultSample) -> InstructionAccess {
      if sample.isFromKernel { return .unknown }
      let known = processes[sample.process]?.instructions[sample.instruction]
      if let known { return known }
      let access = InstructionAccess(of: code(at: sample.instruction, in: sample.process))
      processes[sample.process, default: Process()].instructions[sample.instruction] = access
      return access
    }

    /// Up to 15 bytes, the longest instruction.
    private func code(at address: UInt64, in process: Int32) -> [UInt8] {
      var bytes = [UInt8](repeating: 0, count: 15)
      if let line = line(at: address, in: process), line.path.hasPrefix("/"),
        let file = try? FileDescriptor.open(
          FilePath(line.path), .readOnly, options: [.closeOnExec, .nonBlocking])
      {
        defer { try? file.close() }
        let offset = Int64(truncatingIfNeeded: address &- line.start &+ line.offset)
        let count = unsafe bytes.withUnsafeMutableBytes { buffer in
          (try? unsafe file.read(fromAbsoluteOffset: offset, into: buffer)) ?? 0
        }
        if count > 0 { return Array(bytes[..<count]) }
      }
      // SAFETY: fifteen bytes of an array that lives; a bad address in the task only fails.
      let count = unsafe recorder_read_memory(process, address, &bytes, 15)
      return count > 0 ? Array(bytes[..<Int(count)]) : []
    }

    private func line(at address: UInt64, in process: Int32) -> MapLine? {
      guard let lines = processes[process]?.maps else { return nil }
      var (low, high) = (0, lines.count)
      while low < high {
        let middle = (low + high) / 2
        if lines[middle].end <= address { low = middle + 1 } else { high = middle }
      }
      guard low < lines.count, lines[low].start <= address else { return nil }
      return lines[low]
    }
  }

#endif
