/// The memory calls by their names in a text.
enum CallSymbols {
  static let table = SymbolTable(pairs)

  /// Each name with the raw value of its `CallName`.
  static var pairs: [(StaticString, UInt64)] {
    (mappings + pages + keys + shared + nodes + rest).map { ($0.1, UInt64($0.0.rawValue)) }
  }

  // `CallName.text` as literals, which a table of the hot path needs.

  private static let mappings: [(CallName, StaticString)] = [
    (.brk, "brk"), (.mmap, "mmap"), (.munmap, "munmap"), (.mprotect, "mprotect"),
    (.mremap, "mremap"), (.remapFilePages, "remap_file_pages"), (.mseal, "mseal"),
    (.mapShadowStack, "map_shadow_stack"),
  ]

  private static let pages: [(CallName, StaticString)] = [
    (.madvise, "madvise"), (.processMadvise, "process_madvise"), (.msync, "msync"),
    (.mlock, "mlock"), (.mlock2, "mlock2"), (.munlock, "munlock"), (.mlockall, "mlockall"),
    (.munlockall, "munlockall"), (.mincore, "mincore"), (.cachestat, "cachestat"),
  ]

  private static let keys: [(CallName, StaticString)] = [
    (.pkeyAlloc, "pkey_alloc"), (.pkeyFree, "pkey_free"), (.pkeyMprotect, "pkey_mprotect"),
  ]

  private static let shared: [(CallName, StaticString)] = [
    (.shmget, "shmget"), (.shmat, "shmat"), (.shmdt, "shmdt"), (.shmctl, "shmctl"),
    (.memfdCreate, "memfd_create"), (.memfdSecret, "memfd_secret"),
    (.userfaultfd, "userfaultfd"), (.ftruncate, "ftruncate"),
  ]

  private static let nodes: [(CallName, StaticString)] = [
    (.mbind, "mbind"), (.setMempolicy, "set_mempolicy"), (.getMempolicy, "get_mempolicy"),
    (.setMempolicyHomeNode, "set_mempolicy_home_node"), (.migratePages, "migrate_pages"),
    (.movePages, "move_pages"),
  ]

  private static let rest: [(CallName, StaticString)] = [
    (.processMrelease, "process_mrelease"), (.prctl, "prctl"), (.setrlimit, "setrlimit"),
  ]
}
