/// The flag and advice names of the memory calls, with the values that x86-64, i386 and arm64 share.
///
/// Sources: mmap(2), mprotect(2), madvise(2), mremap(2), msync(2), mlock(2), shmget(2), mbind(2),
/// prctl(2) and `asm-generic/mman-common.h`'s documented values.
enum MemorySymbols {
  static let table = SymbolTable(
    protections + mapFlags + advices + smallFlags + sharedMemory + policies + others)

  private static let protections: [(StaticString, UInt64)] = [
    ("PROT_NONE", 0), ("PROT_READ", 1), ("PROT_WRITE", 2), ("PROT_EXEC", 4), ("PROT_SEM", 8),
    ("PROT_BTI", 0x10), ("PROT_MTE", 0x20), ("PROT_GROWSDOWN", 0x0100_0000),
    ("PROT_GROWSUP", 0x0200_0000),
  ]

  private static let mapFlags: [(StaticString, UInt64)] = [
    ("MAP_FILE", 0), ("MAP_SHARED", 1), ("MAP_PRIVATE", 2), ("MAP_SHARED_VALIDATE", 3),
    ("MAP_DROPPABLE", 8), ("MAP_FIXED", 0x10), ("MAP_ANONYMOUS", 0x20), ("MAP_ANON", 0x20),
    ("MAP_32BIT", 0x40), ("MAP_ABOVE4G", 0x80), ("MAP_GROWSDOWN", 0x100),
    ("MAP_DENYWRITE", 0x800), ("MAP_EXECUTABLE", 0x1000), ("MAP_LOCKED", 0x2000),
    ("MAP_NORESERVE", 0x4000), ("MAP_POPULATE", 0x8000), ("MAP_NONBLOCK", 0x1_0000),
    ("MAP_STACK", 0x2_0000), ("MAP_HUGETLB", 0x4_0000), ("MAP_SYNC", 0x8_0000),
    ("MAP_FIXED_NOREPLACE", 0x10_0000), ("MAP_UNINITIALIZED", 0x400_0000),
    ("MAP_HUGE_SHIFT", 26), ("MAP_HUGE_MASK", 0x3f), ("MAP_HUGE_2MB", 21 << 26),
    ("MAP_HUGE_1GB", 30 << 26),
  ]

  private static let advices: [(StaticString, UInt64)] = [
    ("MADV_NORMAL", 0), ("MADV_RANDOM", 1), ("MADV_SEQUENTIAL", 2), ("MADV_WILLNEED", 3),
    ("MADV_DONTNEED", 4), ("MADV_FREE", 8), ("MADV_REMOVE", 9), ("MADV_DONTFORK", 10),
    ("MADV_DOFORK", 11), ("MADV_MERGEABLE", 12), ("MADV_UNMERGEABLE", 13),
    ("MADV_HUGEPAGE", 14), ("MADV_NOHUGEPAGE", 15), ("MADV_DONTDUMP", 16),
    ("MADV_DODUMP", 17), ("MADV_WIPEONFORK", 18), ("MADV_KEEPONFORK", 19), ("MADV_COLD", 20),
    ("MADV_PAGEOUT", 21), ("MADV_POPULATE_READ", 22), ("MADV_POPULATE_WRITE", 23),
    ("MADV_DONTNEED_LOCKED", 24), ("MADV_COLLAPSE", 25), ("MADV_HWPOISON", 100),
    ("MADV_SOFT_OFFLINE", 101), ("MADV_GUARD_INSTALL", 102), ("MADV_GUARD_REMOVE", 103),
  ]

  private static let smallFlags: [(StaticString, UInt64)] = [
    ("MREMAP_MAYMOVE", 1), ("MREMAP_FIXED", 2), ("MREMAP_DONTUNMAP", 4), ("MS_ASYNC", 1),
    ("MS_INVALIDATE", 2), ("MS_SYNC", 4), ("MCL_CURRENT", 1), ("MCL_FUTURE", 2),
    ("MCL_ONFAULT", 4), ("MLOCK_ONFAULT", 1), ("MFD_CLOEXEC", 1), ("MFD_ALLOW_SEALING", 2),
    ("MFD_HUGETLB", 4), ("MFD_NOEXEC_SEAL", 8), ("MFD_EXEC", 0x10), ("MFD_HUGE_SHIFT", 26),
    ("MFD_HUGE_2MB", 21 << 26), ("MFD_HUGE_1GB", 30 << 26), ("PKEY_DISABLE_ACCESS", 1),
    ("PKEY_DISABLE_WRITE", 2), ("PKEY_UNRESTRICTED", 0), ("SHADOW_STACK_SET_TOKEN", 1),
    ("UFFD_USER_MODE_ONLY", 1), ("O_CLOEXEC", 0o2000000), ("O_NONBLOCK", 0o4000),
  ]

  private static let sharedMemory: [(StaticString, UInt64)] = [
    ("IPC_PRIVATE", 0), ("IPC_CREAT", 0o1000), ("IPC_EXCL", 0o2000), ("IPC_NOWAIT", 0o4000),
    ("IPC_RMID", 0), ("IPC_SET", 1), ("IPC_STAT", 2), ("IPC_INFO", 3), ("IPC_64", 0x100),
    ("SHM_HUGETLB", 0o4000), ("SHM_NORESERVE", 0o10000), ("SHM_HUGE_SHIFT", 26),
    ("SHM_HUGE_2MB", 21 << 26), ("SHM_HUGE_1GB", 30 << 26), ("SHM_RDONLY", 0o10000),
    ("SHM_RND", 0o20000), ("SHM_REMAP", 0o40000), ("SHM_EXEC", 0o100000), ("SHM_LOCK", 11),
    ("SHM_UNLOCK", 12), ("SHM_STAT", 13), ("SHM_INFO", 14), ("SHM_STAT_ANY", 15),
  ]

  private static let policies: [(StaticString, UInt64)] = [
    ("MPOL_DEFAULT", 0), ("MPOL_PREFERRED", 1), ("MPOL_BIND", 2), ("MPOL_INTERLEAVE", 3),
    ("MPOL_LOCAL", 4), ("MPOL_PREFERRED_MANY", 5), ("MPOL_WEIGHTED_INTERLEAVE", 6),
    ("MPOL_F_NUMA_BALANCING", 1 << 13), ("MPOL_F_RELATIVE_NODES", 1 << 14),
    ("MPOL_F_STATIC_NODES", 1 << 15), ("MPOL_F_NODE", 1), ("MPOL_F_ADDR", 2),
    ("MPOL_F_MEMS_ALLOWED", 4), ("MPOL_MF_STRICT", 1), ("MPOL_MF_MOVE", 2),
    ("MPOL_MF_MOVE_ALL", 4),
  ]

  private static let others: [(StaticString, UInt64)] = [
    ("NULL", 0), ("RLIM_INFINITY", .max), ("RLIM64_INFINITY", .max), ("RLIMIT_DATA", 2),
    ("RLIMIT_STACK", 3), ("RLIMIT_RSS", 5), ("RLIMIT_MEMLOCK", 8), ("RLIMIT_AS", 9),
    ("PR_SET_MM", 35), ("PR_SET_THP_DISABLE", 41), ("PR_GET_THP_DISABLE", 42),
    ("PR_SET_MDWE", 65), ("PR_GET_MDWE", 66), ("PR_SET_MEMORY_MERGE", 67),
    ("PR_GET_MEMORY_MERGE", 68), ("PR_SET_VMA", 0x5356_4d41), ("PR_SET_VMA_ANON_NAME", 0),
  ]
}
