#if os(Linux)

  /// Builds the seccomp filter that stops the program at traced calls and lets all others run at
  /// full speed.
  ///
  /// A filter is classic BPF over `struct seccomp_data { int nr; u32 arch; u64 ip; u64 args[6] }`;
  /// jumps go forward by at most 255 instructions.
  struct SeccompFilter {
    /// What the stop's data holds, to tell our stops from those of a filter the program installs.
    static let mark: UInt16 = 0x0c7a
    /// AUDIT_ARCH_X86_64.
    static let architecture: UInt32 = 0xc000_003e

    private enum Target: Hashable {
      case next, allow, trace, prctl, prlimit, prlimitHigh
    }

    private struct Instruction {
      var code: UInt16
      var operand: UInt32
      var ifTrue = Target.next
      var ifFalse = Target.next
    }

    private var instructions: [Instruction] = []
    private var labels: [Target: Int] = [:]

    /// The instructions as the kernel takes them: `struct sock_filter`, eight bytes each.
    static func instructions() -> [UInt64] {
      var filter = SeccompFilter()
      filter.loadWord(at: 4)
      filter.jump(equal: architecture, ifFalse: .allow)
      filter.loadWord(at: 0)
      for call in TracedCall.all { filter.jump(equal: UInt32(call.number), to: target(of: call)) }
      filter.place(.allow, answering: 0x7fff_0000)
      filter.label(.prctl)
      filter.loadWord(at: 16)
      for option in TracedCall.prctlOptions { filter.jump(equal: option, to: .trace) }
      filter.answer(0x7fff_0000)
      // prlimit64 that only asks passes a null pointer as its third argument.
      filter.label(.prlimit)
      filter.loadWord(at: 32)
      filter.jump(equal: 0, to: .prlimitHigh, ifFalse: .trace)
      filter.label(.prlimitHigh)
      filter.loadWord(at: 36)
      filter.jump(equal: 0, to: .next, ifFalse: .trace)
      filter.answer(0x7fff_0000)
      filter.place(.trace, answering: 0x7ff0_0000 | UInt32(mark))
      return filter.resolved()
    }

    private static func target(of call: TracedCall) -> Target {
      switch call.number {
      case TracedCall.prctl: .prctl
      case TracedCall.prlimit: .prlimit
      default: .trace
      }
    }

    /// BPF_LD | BPF_W | BPF_ABS.
    private mutating func loadWord(at offset: UInt32) {
      instructions.append(Instruction(code: 0x20, operand: offset))
    }

    /// BPF_JMP | BPF_JEQ | BPF_K.
    private mutating func jump(
      equal value: UInt32, to target: Target = .next, ifFalse: Target = .next
    ) {
      instructions.append(
        Instruction(code: 0x15, operand: value, ifTrue: target, ifFalse: ifFalse))
    }

    /// BPF_RET | BPF_K.
    private mutating func answer(_ action: UInt32) {
      instructions.append(Instruction(code: 0x06, operand: action))
    }

    private mutating func label(_ target: Target) { labels[target] = instructions.count }

    private mutating func place(_ target: Target, answering action: UInt32) {
      label(target)
      answer(action)
    }

    private func resolved() -> [UInt64] {
      instructions.enumerated().map { index, instruction in
        let yes = UInt64(distance(from: index, to: instruction.ifTrue))
        let no = UInt64(distance(from: index, to: instruction.ifFalse))
        return UInt64(instruction.code) | yes << 16 | no << 24
          | UInt64(instruction.operand) << 32
      }
    }

    private func distance(from index: Int, to target: Target) -> Int {
      (labels[target] ?? index + 1) - index - 1
    }
  }

#endif
