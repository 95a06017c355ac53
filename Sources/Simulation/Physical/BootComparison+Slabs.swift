internal import KernelHeap
internal import MemoryTypes
internal import Recordings

extension BootComparison {
  /// What /sys/kernel/slab and /proc/slabinfo say about each cache. Figures that are alike are told
  /// in one line for all caches, others one by one.
  static func compareSlabs(
    _ folder: BootFolder, _ kernel: BootKernel, _ report: inout BootReport
  ) {
    guard let facts = folder.slabs else { return }
    let caches = RecordedCaches(facts, kernel, commandLine: folder.run.commandLine)
    var tally = SlabTally()
    for cache in facts.caches {
      compareCut(cache, caches, folder, kernel, &tally)
      let name = caches.identifier(caches.shape(cache), named: cache.name)
      tally.compare(cache.name, "name, shared or own", kernel: cache.name, computed: name)
    }
    compareNames(facts, caches, &tally)
    compareSlabinfo(facts, &tally)
    tally.tell(&report)
  }

  /// How a cache cuts its slabs.
  private static func compareCut(
    _ cache: SlabFacts.Cache, _ caches: RecordedCaches, _ folder: BootFolder,
    _ kernel: BootKernel, _ tally: inout SlabTally
  ) {
    let shape = caches.shape(cache)
    // Slabs are cut when one processor runs, for all that there are.
    let geometry = shape.geometry(
      pageSize: kernel.pageSize, processors: Int(clamping: folder.run.processors))
    let figures: [(column: String, name: String, computed: UInt64)] = [
      ("slab_size", "slab size", UInt64(shape.slotSize.rawValue)),
      ("order", "order", UInt64(geometry.order.rawValue)),
      ("objs_per_slab", "objects per slab", UInt64(geometry.objects(in: geometry.order))),
      ("cpu_partial", "cpu_partial", UInt64(geometry.perCPUPartial)),
      ("min_partial", "min_partial", UInt64(geometry.minimumPartial)),
    ]
    for figure in figures {
      guard let theirs = cache[figure.column] else { continue }
      tally.compare(cache.name, figure.name, kernel: theirs, computed: figure.computed)
    }
  }

  /// That each name leads where its size says, each shared cache has as many names as it counts,
  /// and no two caches stand side by side that would serve each other.
  private static func compareNames(
    _ facts: SlabFacts, _ caches: RecordedCaches, _ tally: inout SlabTally
  ) {
    var names: [String: UInt64] = [:]
    for alias in facts.aliases { names[alias.target, default: 0] += 1 }
    var shared: [String: (cache: SlabFacts.Cache, shape: SlabShape)] = [:]
    for cache in facts.caches {
      let shape = caches.shape(cache)
      if let others = cache["aliases"] {
        // A cache that may be shared has its first name as an alias too.
        let computed = shape.isMergeable ? max(names[cache.name] ?? 0, 1) - 1 : 0
        tally.compare(cache.name, "aliases", kernel: others, computed: computed)
      }
      let double = shape.isMergeable ? shared.values.first { $0.shape.serves(shape) } : nil
      tally.compare(
        cache.name, "merged where it can be", kernel: cache.name,
        computed: double?.cache.name ?? cache.name)
      if shape.isMergeable { shared[cache.name] = (cache, shape) }
    }
    for alias in facts.aliases {
      guard let target = shared[alias.target],
        let shape = caches.shape(ofName: alias.name, lineSize: target.cache.alignment)
      else { continue }
      tally.compare(
        alias.name, "alias of a known size", kernel: alias.target,
        computed: caches.identifier(shape, named: alias.name))
    }
  }

  /// Each line of /proc/slabinfo is that of a cache, which is called by its first name there.
  private static func compareSlabinfo(_ facts: SlabFacts, _ tally: inout SlabTally) {
    var targets: [String: String] = [:]
    for alias in facts.aliases { targets[alias.name] = alias.target }
    var known: [String: SlabFacts.Cache] = [:]
    for cache in facts.caches { known[cache.name] = cache }
    for line in facts.lines {
      let cache = known[targets[line.name] ?? line.name]
      let pages = cache?["order"].map { $0 < 64 ? UInt64(1) << $0 : 0 }
      let figures = [cache?["slab_size"], cache?["objs_per_slab"], pages]
      tally.compare(
        line.name, "line of slabinfo",
        kernel: "\(line.slotSize) \(line.objectsPerSlab) \(line.pagesPerSlab)",
        computed: figures.map { $0.map(String.init) ?? "-" }.joined(separator: " "))
    }
  }
}

/// Figures of many caches: how many were compared, and those that differ.
private struct SlabTally {
  private struct Difference {
    var cache: String
    var figure: String
    var kernel: String
    var computed: String
  }

  private var figures: [String] = []
  private var counts: [String: (all: Int, equal: Int)] = [:]
  private var differences: [Difference] = []

  mutating func compare(
    _ cache: String, _ figure: String, kernel: some CustomStringConvertible,
    computed: some CustomStringConvertible
  ) {
    let (theirs, ours) = ("\(kernel)", "\(computed)")
    if counts[figure] == nil { figures.append(figure) }
    counts[figure, default: (0, 0)].all += 1
    if theirs == ours {
      counts[figure, default: (0, 0)].equal += 1
    } else {
      differences.append(
        Difference(cache: cache, figure: figure, kernel: theirs, computed: ours))
    }
  }

  func tell(_ report: inout BootReport) {
    for figure in figures {
      let (all, equal) = counts[figure] ?? (0, 0)
      report.compare("caches", figure, kernel: all, computed: equal)
    }
    for difference in differences {
      report.compare(
        "cache \(difference.cache)", difference.figure, kernel: difference.kernel,
        computed: difference.computed)
    }
  }
}
