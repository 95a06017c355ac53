internal import Machine
internal import MemoryTypes

extension PageAllocator {
  /// Computes the minimum of free memory, the watermarks, what zones keep back and the sizes of
  /// per-CPU lists, from the frames that zones manage now. While nobody allocates.
  ///
  /// Linux: `init_per_zone_wmark_min()`, `set_recommended_min_free_kbytes()`.
  public func setMarks() {
    var minimum = minimumOfFreeMemory
    setWatermarks(minimum)
    if options.hasHugePages, options.minimumFreeKibibytes == nil {
      minimum = max(minimum, minimumForHugePages)
      setWatermarks(minimum)
    }
    for node in nodes { setReserves(of: node) }
    for zone in zones { setPerCPUMarks(of: zone) }
    buildWays()
  }

  private var minimumOfFreeMemory: UInt64 {
    if let wanted = options.minimumFreeKibibytes { return UInt64(wanted) }
    return MinimumFree.kilobytes(forBuffers: bufferPages, directMap.pageSize)
  }

  private var minimumForHugePages: UInt64 {
    guard MinimumFree.allowsHugePages(managedPageCount, directMap.pageSize) else { return 0 }
    var populated: UInt = 0
    for zone in zones where zone.pointee.kind <= .normal && zone.pointee.managedPages > .zero {
      populated += 1
    }
    return MinimumFree.kilobytesForHugePages(
      zones: populated, block: options.pageblockOrder.pageCount, buffers: bufferPages,
      directMap.pageSize)
  }

  /// The frames that the kernel can allocate for itself without coming near a high mark.
  ///
  /// Linux: `nr_free_buffer_pages()`.
  private var bufferPages: PageCount {
    var sum = PageCount.zero
    for zone in zones where zone.pointee.kind <= .normal {
      let managed = zone.pointee.managedPages
      let high = zone.pointee.mark(for: .high)
      if managed > high { sum += managed - high }
    }
    return sum
  }

  private func setWatermarks(_ minimum: UInt64) {
    var basis = WatermarkBasis(
      minimumFreeKilobytes: minimum, lowMemory: .zero,
      scaleFactor: UInt64(options.watermarkScaleFactor), pageSize: directMap.pageSize)
    for zone in zones where basis.sharesMinimum(zone.pointee.kind) {
      basis.lowMemory += zone.pointee.managedPages
    }
    for zone in zones {
      zone.pointee.boostFactor = options.watermarkBoostFactor
      zone.pointee.watermarks =
        options.minimumFreeKibibytes == 0 && options.watermarkScaleFactor == 0
        ? .none : Watermarks(of: zone.pointee.size, basis)
    }
  }

  /// Linux: `setup_per_zone_lowmem_reserve()`, `calculate_totalreserve_pages()`.
  private func setReserves(of node: Ref<Node>) {
    let first = Int(node.pointee.id) * zones.kindCount
    var managed = InlineArray<5, PageCount>(repeating: .zero)
    for index in first..<first + zones.kindCount {
      managed[Int(zones[index].pointee.kind.rawValue)] = zones[index].pointee.managedPages
    }
    node.pointee.totalReserve = .zero
    for index in first..<first + zones.kindCount {
      let kind = zones[index].pointee.kind
      let ratio =
        options.reserveRatios?[Int(kind.rawValue)] ?? LowMemoryReserve.standardRatio(of: kind)
      let reserve = LowMemoryReserve(of: kind, ratio: ratio, managed)
      zones[index].pointee.reserve = reserve
      node.pointee.totalReserve += reserve.total(
        high: zones[index].pointee.mark(for: .high), managed: zones[index].pointee.managedPages)
    }
  }

  private func setPerCPUMarks(of zone: Ref<Zone>) {
    let managed = zone.pointee.managedPages
    let all = UInt(options.processors)
    zone.pointee.setLag(
      options.hasExactCounts
        ? 0
        : StatisticsThreshold.pages(managed: managed, processors: all, directMap.pageSize))
    guard options.hasPerCPULists else { return }
    zone.pointee.perCPUMarks = PerCPUMarks(
      managed: managed, low: zone.pointee.mark(for: .low),
      processors: processorCount(of: Int(zone.pointee.node)),
      fraction: options.perCPUHighFraction, directMap.pageSize)
  }

  /// The processors near a node; of a node without any, all.
  private func processorCount(of node: Int) -> UInt {
    var count: UInt = 0
    for processor in 0..<options.processors where processorNodes[processor] == node { count += 1 }
    return count > 0 ? count : UInt(options.processors)
  }
}

extension Zone {
  /// What the formulas of marks see.
  var size: ZoneSize { ZoneSize(kind, managed: managedPages) }

  /// From which sum on a processor tells what it counted.
  func setLag(_ threshold: UInt) {
    buddy.withLock { _ in lags.setThreshold(Int(threshold)) }
  }
}
