#if os(Linux)

  internal import MemoryTypes

  /// A system call that the recorder stops at.
  struct TracedCall {
    var name: CallName
    /// The number on x86-64.
    var number: UInt64
    /// Arguments that the call takes; the other registers hold leftovers.
    var argumentCount: Int
    /// The arguments declared `int`, bit by bit: the kernel ignores their upper halves.
    var intArguments: UInt8 = 0

    init(_ name: CallName, _ number: UInt64, takes argumentCount: Int, ints: UInt8 = 0) {
      self.name = name
      self.number = number
      self.argumentCount = argumentCount
      intArguments = ints
    }

    /// All calls that change mappings, file lengths or how faults are served.
    ///
    /// Left out: those that only ask (mincore, get_mempolicy, cachestat) and memfd_create, which
    /// makes a descriptor like open.
    static let all: [TracedCall] = [
      TracedCall(.mmap, 9, takes: 6, ints: 0b010000),
      TracedCall(.mprotect, 10, takes: 3),
      TracedCall(.munmap, 11, takes: 2),
      TracedCall(.brk, 12, takes: 1),
      TracedCall(.mremap, 25, takes: 5),
      TracedCall(.msync, 26, takes: 3, ints: 0b100),
      TracedCall(.madvise, 28, takes: 3, ints: 0b100),
      TracedCall(.shmget, 29, takes: 3, ints: 0b101),
      TracedCall(.shmat, 30, takes: 3, ints: 0b101),
      TracedCall(.shmctl, 31, takes: 3, ints: 0b011),
      TracedCall(.shmdt, 67, takes: 1),
      TracedCall(.ftruncate, 77, takes: 2, ints: 0b01),
      TracedCall(.mlock, 149, takes: 2),
      TracedCall(.munlock, 150, takes: 2),
      TracedCall(.mlockall, 151, takes: 1, ints: 0b1),
      TracedCall(.munlockall, 152, takes: 0),
      TracedCall(.prctl, prctl, takes: 5, ints: 0b1),
      TracedCall(.setrlimit, setrlimit, takes: 2, ints: 0b1),
      TracedCall(.remapFilePages, 216, takes: 5),
      TracedCall(.mbind, 237, takes: 6),
      TracedCall(.setMempolicy, 238, takes: 3, ints: 0b1),
      TracedCall(.migratePages, 256, takes: 4, ints: 0b1),
      TracedCall(.movePages, 279, takes: 6, ints: 0b100001),
      TracedCall(.setrlimit, prlimit, takes: 4, ints: 0b11),
      TracedCall(.userfaultfd, 323, takes: 1, ints: 0b1),
      TracedCall(.mlock2, 325, takes: 3, ints: 0b100),
      TracedCall(.pkeyMprotect, 329, takes: 4, ints: 0b1000),
      TracedCall(.pkeyAlloc, 330, takes: 2),
      TracedCall(.pkeyFree, 331, takes: 1, ints: 0b1),
      TracedCall(.processMadvise, 440, takes: 5, ints: 0b01001),
      TracedCall(.memfdSecret, 447, takes: 1, ints: 0b1),
      TracedCall(.processMrelease, 448, takes: 2, ints: 0b01),
      TracedCall(.setMempolicyHomeNode, 450, takes: 4),
      TracedCall(.mapShadowStack, 453, takes: 3, ints: 0b100),
      TracedCall(.mseal, 462, takes: 3),
    ]

    static let prctl: UInt64 = 157
    static let setrlimit: UInt64 = 160
    static let prlimit: UInt64 = 302

    /// PR_SET_MM, PR_SET_THP_DISABLE, PR_SET_MDWE, PR_SET_MEMORY_MERGE, PR_SET_VMA.
    static let prctlOptions: [UInt32] = [35, 41, 65, 67, 0x5356_4d41]

    static func with(number: UInt64) -> TracedCall? { all.first { $0.number == number } }

    /// The registers as the call's declaration takes them.
    func arguments(_ registers: [UInt64]) -> RecordedCall.Arguments {
      var words = registers
      for index in 0..<6 {
        if index >= argumentCount {
          words[index] = 0
        } else if intArguments >> UInt8(index) & 1 == 1 {
          let int = Int32(truncatingIfNeeded: words[index])
          words[index] = UInt64(bitPattern: Int64(int))
        }
      }
      // Without MREMAP_FIXED or MREMAP_DONTUNMAP the new address is not an argument.
      if name == .mremap, words[3] & 6 == 0 { words[4] = 0 }
      return RecordedCall.Arguments(words[0], words[1], words[2], words[3], words[4], words[5])
    }
  }

#endif
