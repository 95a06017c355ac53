/// The memory calls by their names in a text.
enum CallSymbols {
  static let table = SymbolTable(pairs)

  /// Each name with the raw value of its `CallName`.
  static var pairs: [(StaticString, UInt64)] {
    CallName.allCases.map { (staticText(of: $0), UInt64($0.rawValue)) }
  }

  /// `CallName.text` as a literal, which a table of the hot path needs.
  private static func staticText(of name: CallName) -> StaticString {
    switch name {
    case .brk: "brk"
    case .mmap: "mmap"
    case .munmap: "munmap"
    case .mprotect: "mprotect"
    case .mremap: "mremap"
    case .madvise: "madvise"
    case .msync: "msync"
    case .mlock: "mlock"
    case .mlock2: "mlock2"
    case .munlock: "munlock"
    case .mlockall: "mlockall"
    case .munlockall: "munlockall"
    case .mincore: "mincore"
    case .remapFilePages: "remap_file_pages"
    case .ftruncate: "ftruncate"
    case .processMadvise: "process_madvise"
    case .mseal: "mseal"
    case .pkeyAlloc: "pkey_alloc"
    case .pkeyFree: "pkey_free"
    case .pkeyMprotect: "pkey_mprotect"
    case .shmget: "shmget"
    case .shmat: "shmat"
    case .shmdt: "shmdt"
    case .shmctl: "shmctl"
    case .memfdCreate: "memfd_create"
    case .userfaultfd: "userfaultfd"
    case .mbind: "mbind"
    case .setMempolicy: "set_mempolicy"
    case .getMempolicy: "get_mempolicy"
    case .migratePages: "migrate_pages"
    case .movePages: "move_pages"
    case .setMempolicyHomeNode: "set_mempolicy_home_node"
    case .memfdSecret: "memfd_secret"
    case .processMrelease: "process_mrelease"
    case .mapShadowStack: "map_shadow_stack"
    case .cachestat: "cachestat"
    case .prctl: "prctl"
    case .setrlimit: "setrlimit"
    }
  }
}
