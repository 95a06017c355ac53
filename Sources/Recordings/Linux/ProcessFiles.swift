#if os(Linux)

  internal import Glibc
  internal import SystemPackage

  /// What `/proc` tells about a stopped task.
  enum ProcessFiles {
    /// The whole of `path`, or nil where it cannot be read.
    static func contents(_ path: String) -> [UInt8]? {
      guard
        let file = try? FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec)
      else { return nil }
      defer { try? file.close() }
      var bytes: [UInt8] = []
      var part = [UInt8](repeating: 0, count: 64 << 10)
      while true {
        let got = unsafe part.withUnsafeMutableBytes { buffer in
          (try? unsafe file.read(into: buffer)) ?? -1
        }
        if got < 0 { return nil }
        if got == 0 { return bytes }
        bytes.append(contentsOf: part[..<got])
      }
    }

    /// The first line of a file of `/proc/sys` and the like.
    static func line(_ path: String) -> String? {
      contents(path).map { String(decoding: $0.prefix { $0 != 0x0a }, as: UTF8.self) }
    }

    static func number(_ path: String) -> UInt64? { line(path).flatMap { UInt64($0) } }

    /// What a symbolic link names, escaped as `/proc/PID/maps` does it.
    static func link(_ path: String) -> String? {
      var buffer = [CChar](repeating: 0, count: 4096)
      // SAFETY: readlink writes at most the count it is given.
      let count = unsafe readlink(path, &buffer, buffer.count)
      guard count >= 0 else { return nil }
      return String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
        .split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\\012")
    }

    /// Whether a task waits inside a call for something to happen.
    static func isAsleep(_ task: pid_t) -> Bool {
      // The name before the state may hold blanks and parentheses.
      guard let line = contents("/proc/\(task)/stat"), let name = line.lastIndex(of: 0x29),
        line.indices.contains(name + 2)
      else { return true }
      return [UInt8(ascii: "S"), UInt8(ascii: "D")].contains(line[name + 2])
    }

    /// The signals that this process's first thread blocks, which is what a program it starts
    /// expects; a thread of a pool blocks nearly all.
    static func blockedSignals() -> UInt64 {
      let text = String(decoding: contents("/proc/self/status") ?? [], as: UTF8.self)
      let line = text.split(separator: "\n").first { $0.hasPrefix("SigBlk:") }
      return line.flatMap { UInt64($0.dropFirst(8), radix: 16) } ?? 0
    }

    static func maps(of task: pid_t) -> [MapLine]? {
      contents("/proc/\(task)/maps").map(MapsText.lines)
    }

    /// The program break that execve set (Linux: `start_brk`), the 47th field of the stat file.
    static func initialBreak(of task: pid_t) -> UInt64? {
      guard let text = contents("/proc/\(task)/stat"),
        // The second field, the command, may hold blanks and brackets.
        let bracket = text.lastIndex(of: UInt8(ascii: ")"))
      else { return nil }
      let fields = text[(bracket + 1)...].split(whereSeparator: { $0 <= 0x20 })
      guard fields.count > 44 else { return nil }
      let value = UInt64(String(decoding: fields[44], as: UTF8.self))
      return value == 0 ? nil : value
    }
  }

#endif
