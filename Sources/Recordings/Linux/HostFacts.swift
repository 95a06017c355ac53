#if os(Linux)

  internal import Glibc

  extension RecordingHeader {
    /// The running machine and the limits that a program started now inherits.
    public static func ofThisMachine(hasRandomLayout: Bool) -> RecordingHeader {
      var header = RecordingHeader(source: .compact)
      header.kernel = ProcessFiles.line("/proc/sys/kernel/osrelease")
      header.architecture = "x86_64"
      header.pageSize = UInt64(max(0, sysconf(Int32(_SC_PAGESIZE))))
      // Five-level paging shows only to programs that ask for it with a hint.
      header.taskSize = 0x7fff_ffff_f000
      header.mmapMinimumAddress = ProcessFiles.number("/proc/sys/vm/mmap_min_addr")
      header.stackLimit = limit(3)
      header.addressSpaceLimit = limit(9)
      header.dataLimit = limit(2)
      header.lockedLimit = limit(8)
      header.overcommit = ProcessFiles.number("/proc/sys/vm/overcommit_memory").map {
        Int(truncatingIfNeeded: $0)
      }
      header.maxMapCount = ProcessFiles.number("/proc/sys/vm/max_map_count")
      header.totalMemory = totalMemory()
      let hugePages = "/sys/kernel/mm/transparent_hugepage"
      header.hugePageSize = ProcessFiles.number("\(hugePages)/hpage_pmd_size")
      header.transparentHugePages = choice("\(hugePages)/enabled")
      header.sharedMemoryHugePages = choice("\(hugePages)/shmem_enabled")
      header.stackGuardGapPages = 256
      header.hasRandomLayout = hasRandomLayout
      return header
    }

    /// `resource` by its number, since not every C library gives Swift all the names.
    private static func limit(_ resource: __rlimit_resource_t) -> UInt64? {
      var limit = rlimit()
      // SAFETY: the structure lives through the call.
      guard unsafe getrlimit(resource, &limit) == 0, limit.rlim_cur != UInt.max else {
        return nil
      }
      return UInt64(limit.rlim_cur)
    }

    /// MemTotal, in bytes.
    private static func totalMemory() -> UInt64? {
      guard let line = ProcessFiles.line("/proc/meminfo") else { return nil }
      let fields = line.split(separator: " ")
      guard fields.count == 3, fields[0] == "MemTotal:" else { return nil }
      return UInt64(fields[1]).map { $0 &* 1024 }
    }

    /// The word in brackets of a list like `always [madvise] never`.
    private static func choice(_ path: String) -> String? {
      guard let line = ProcessFiles.line(path), let open = line.firstIndex(of: "["),
        let close = line.firstIndex(of: "]"), open < close
      else { return nil }
      return String(line[line.index(after: open)..<close])
    }
  }

#endif
