public import MemoryTypes

/// Where the parts of a kernel image lie that /proc/iomem names.
public struct KernelImage: Hashable, Sendable {
  public var code: PhysicalRange
  public var data: PhysicalRange

  public init(code: PhysicalRange, data: PhysicalRange) {
    self.code = code
    self.data = data
  }
}

/// One line of /proc/iomem about memory. Linux: `struct resource`.
public struct MemoryResource: Hashable, Sendable {
  public enum Name: Hashable, Sendable {
    case systemRAM, reserved, kernelCode, kernelData

    /// As the kernel writes it.
    public var text: StaticString {
      switch self {
      case .systemRAM: "System RAM"
      case .reserved: "reserved"
      case .kernelCode: "Kernel code"
      case .kernelData: "Kernel data"
      }
    }
  }

  /// Whole pages.
  public var range: PhysicalRange
  public var name: Name
  /// 0 for memory, 1 for what lies in it.
  public var depth: Int

  public init(_ range: PhysicalRange, _ name: Name, depth: Int) {
    self.range = range
    self.name = name
    self.depth = depth
  }

  /// Writes the line and ends it. Linux: `r_show()`, kernel/resource.c.
  public func write(to sink: inout some TextSink) {
    sink.pad(2 * depth, with: UInt8(ascii: " "))
    sink.write(hexadecimal: range.start.rawValue, digits: 8)
    sink.write("-")
    sink.write(hexadecimal: range.end.rawValue &- 1, digits: 8)
    sink.write(" : ")
    sink.write(name.text)
    sink.write("\n")
  }
}

extension Memblock {
  /// Tells `body` the memory as /proc/iomem of an arm64 kernel shows it, in its order: each region,
  /// and inside it the parts of the kernel and what else is reserved, in whole pages. A page that two
  /// reservations share belongs to the first. Memory that must not be mapped is reserved as a whole.
  ///
  /// O(regions of memory * regions reserved). Linux: `request_standard_resources()`,
  /// `reserve_memblock_reserved_regions()`, arch/arm64/kernel/setup.c.
  public func forEachResource(
    _ image: KernelImage, _ pageSize: PageSize, _ body: (MemoryResource) -> Void
  ) {
    var index = 0
    while index < memory.count {
      let region = memory[index]
      let frames = region.range.wholeFrames(pageSize)
      let range = PhysicalRange(
        pageSize.address(of: frames.start), pageSize.address(of: frames.end))
      if !range.isEmpty {
        let isHidden = region.flags.contains(.notMapped)
        body(MemoryResource(range, isHidden ? .reserved : .systemRAM, depth: 0))
        if !isHidden { tellContents(of: range, image, pageSize, body) }
      }
      index += 1
    }
  }

  private func tellContents(
    of memory: PhysicalRange, _ image: KernelImage, _ pageSize: PageSize,
    _ body: (MemoryResource) -> Void
  ) {
    var contents = MemoryContents(memory, image)
    var index = 0
    while index < reserved.count {
      contents.take(reserved[index].range.pages(pageSize), body)
      index += 1
    }
    contents.end(body)
  }
}

/// What lies in one region of memory, told from its start on.
private struct MemoryContents {
  private let memory: PhysicalRange
  private let image: KernelImage
  /// All below it was told.
  private var position: PhysicalAddress

  init(_ memory: PhysicalRange, _ image: KernelImage) {
    self.memory = memory
    self.image = image
    position = memory.start
  }

  /// Tells a reservation as far as it was not told, in pieces between the parts of the kernel.
  mutating func take(_ range: PhysicalRange, _ body: (MemoryResource) -> Void) {
    let part = range.intersection(memory)
    guard !part.isEmpty else { return }
    tellKernel(below: part.start, body)
    position = max(position, part.start)
    while position < part.end {
      let stop = min(part.end, nextPart?.range.start ?? part.end)
      if position < stop {
        body(MemoryResource(PhysicalRange(position, stop), .reserved, depth: 1))
        position = stop
      }
      if stop < part.end { tellKernel(below: part.end, limit: 1, body) }
    }
  }

  mutating func end(_ body: (MemoryResource) -> Void) { tellKernel(below: memory.end, body) }

  /// Tells the parts of the kernel that were not told and start below `end`.
  private mutating func tellKernel(
    below end: PhysicalAddress, limit: Int = 2, _ body: (MemoryResource) -> Void
  ) {
    var left = limit
    while left > 0, let part = nextPart, part.range.start < end {
      body(part)
      position = part.range.end
      left -= 1
    }
  }

  /// The lowest part of the kernel that lies in this memory and was not told.
  private var nextPart: MemoryResource? {
    let code = MemoryResource(image.code, .kernelCode, depth: 1)
    let data = MemoryResource(image.data, .kernelData, depth: 1)
    let isCodeFirst = code.range.start <= data.range.start
    let (first, second) = isCodeFirst ? (code, data) : (data, code)
    if isNext(first.range) { return first }
    return isNext(second.range) ? second : nil
  }

  private func isNext(_ range: PhysicalRange) -> Bool {
    !range.isEmpty && position <= range.start && range.start < memory.end
  }
}

extension PhysicalRange {
  /// The whole pages that have a byte of the range; cut at the end of the address space.
  fileprivate func pages(_ pageSize: PageSize) -> PhysicalRange {
    let mask = UInt64(pageSize.offsetMask)
    let (padded, overflow) = end.rawValue.addingReportingOverflow(mask)
    return PhysicalRange(
      PhysicalAddress(start.rawValue & ~mask), PhysicalAddress(overflow ? .max : padded & ~mask))
  }
}
