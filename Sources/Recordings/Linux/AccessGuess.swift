#if os(Linux)

  internal import Glibc

  /// Tells how a faulting page was accessed, which the samples do not say.
  ///
  /// 1. The address lies at the instruction or less than 16 bytes (an instruction's length) behind
  ///    its start: it was fetched.
  /// 2. The mapping at the address, as far as it is known: writable means written.
  /// 3. Nothing known: written, since memory that is already gone was mostly the heap's.
  ///
  /// Maps are those of the running process when the samples are collected, or those it had at its
  /// exit.
  struct AccessGuess {
    private var maps: [Int32: [MapLine]] = [:]

    /// Looks at the maps of the processes that samples came from; `exits` are those of address
    /// spaces that have ended.
    mutating func learn(from samples: [FaultSample], exits: [(Int32, [MapLine])]) {
      let processes = Set(samples.map(\.process))
      for process in processes where !exits.contains(where: { $0.0 == process }) {
        if let lines = ProcessFiles.maps(of: process), !lines.isEmpty { maps[process] = lines }
      }
      for (task, lines) in exits { maps[task] = lines }
      if maps.count > 1024 { maps = maps.filter { processes.contains($0.key) } }
    }

    func access(of sample: FaultSample) -> AccessKind {
      if sample.address &- sample.instruction < 16 { return .execute }
      guard let line = line(at: sample.address, in: sample.process) else { return .write }
      return line.permissions.contains(.write) ? .write : .read
    }

    private func line(at address: UInt64, in process: Int32) -> MapLine? {
      guard let lines = maps[process] else { return nil }
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
