internal import AddressSpaces
internal import Machine
internal import MemoryTypes

/// A program's segments become mappings.
extension Kernel {
  /// Maps the segments of a program. Linux: the loop over `PT_LOAD` in `load_elf_binary()`.
  mutating func load(
    _ image: ELFImage, hasInterpreter: Bool, into space: Ref<AddressSpace>
  ) throws(Errno) -> LoadedProgram {
    var loaded = LoadedProgram()
    var isFirst = true
    try image.forEachSegment(ELFSegment.load) { segment throws(Errno) in
      var placement = SegmentPlacement.fixed
      if isFirst, !image.isFixed {
        if hasInterpreter { loaded.bias = movableBias(image, segment) }
        placement = hasInterpreter ? .free : .anywhere
      } else if isFirst {
        placement = .free
      }
      let total = isFirst && !image.isFixed ? try totalSize(image) : 0
      let start = try map(
        segment, of: image, at: loaded.bias &+ segment.address, placement, total: total, space)
      if placement == .anywhere { loaded.bias = start &- pageDown(segment.address) }
      if isFirst { loaded.headers = loaded.bias &+ segment.address &- UInt(segment.offset) }
      loaded.note(segment)
      isFirst = false
    }
    guard !isFirst else { throw .ENOEXEC }
    loaded.headers = loaded.headers &+ UInt(truncatingIfNeeded: image.tableOffset)
    return loaded
  }

  /// Maps the interpreter where placement likes, a fixed one at its own addresses.
  ///
  /// - Returns: What is added to its addresses. Linux: `load_elf_interp()`.
  mutating func loadInterpreter(
    _ image: ELFImage, into space: Ref<AddressSpace>
  ) throws(Errno) -> UInt {
    var bias: UInt = 0
    var isFirst = true
    try image.forEachSegment(ELFSegment.load) { segment throws(Errno) in
      let isFree = isFirst && !image.isFixed
      let start = try map(
        segment, of: image, at: bias &+ segment.address, isFree ? .anywhere : .fixed,
        total: isFree ? try totalSize(image) : 0, space)
      if isFree { bias = start &- pageDown(segment.address) }
      isFirst = false
    }
    return bias
  }

  /// Two thirds of the address space, aligned as the strictest segment asks for.
  ///
  /// Linux: `ELF_ET_DYN_BASE`, `maximum_alignment()`.
  private func movableBias(_ image: ELFImage, _ first: ELFSegment) -> UInt {
    var alignment: UInt = 0
    for index in 0..<image.count {
      guard let segment = image.segment(index), segment.kind == ELFSegment.load else { continue }
      let asked = segment.alignment
      if asked & (asked &- 1) == 0 { alignment = max(alignment, asked) }
    }
    var base = settings.layout.movableBase.rawValue
    if alignment > 0 { base &= ~(alignment - 1) }
    return pageDown(base &- first.address)
  }

  /// From the first page of the lowest segment to the end of the highest.
  ///
  /// Linux: `total_mapping_size()`.
  private func totalSize(_ image: ELFImage) throws(Errno) -> UInt {
    var (lowest, highest) = (UInt.max, UInt(0))
    try image.forEachSegment(ELFSegment.load) { segment throws(Errno) in
      lowest = min(lowest, pageDown(segment.address))
      highest = max(highest, segment.address &+ segment.memorySize)
    }
    guard highest > lowest else { throw .EINVAL }
    return highest - lowest
  }

  /// Maps one segment: the part that is in the file, the zeroed rest of its last page, and the zeroed
  /// pages behind.
  ///
  /// - Parameter total: Where this is the first of a movable file, the room that all will need.
  /// - Returns: Where its first page lies. Linux: `elf_load()`.
  private mutating func map(
    _ segment: ELFSegment, of image: ELFImage, at address: UInt, _ placement: SegmentPlacement,
    total: UInt, _ space: Ref<AddressSpace>
  ) throws(Errno) -> UInt {
    let inside = address &- pageDown(address)
    guard segment.fileSize <= segment.memorySize,
      segment.memorySize <= settings.layout.taskSize.rawValue
    else { throw .ENOMEM }
    var start = pageDown(address)
    if segment.fileSize > 0 {
      start = try mapFile(segment, of: image, at: start, inside, placement, total, space)
    }
    guard segment.memorySize > segment.fileSize else { return start }
    let fileEnd = start &+ inside &+ segment.fileSize
    let end = start &+ inside &+ segment.memorySize
    if segment.fileSize > 0, segment.isWritable { try clear(fileEnd, upTo: pageUp(fileEnd), space) }
    let zeroed = segment.fileSize > 0 ? pageUp(fileEnd) : start
    if pageUp(end) > zeroed {
      let range = VirtualRange(VirtualAddress(zeroed), VirtualAddress(pageUp(end)))
      try inSpace(space) { space throws(MapError) in
        try space.addZeroed(range, isExecutable: segment.isExecutable)
      }
    }
    return start
  }

  /// Linux: `elf_map()`: the first of a movable file asks for room for all, and gives the rest back.
  private mutating func mapFile(
    _ segment: ELFSegment, of image: ELFImage, at start: UInt, _ inside: UInt,
    _ placement: SegmentPlacement, _ total: UInt, _ space: Ref<AddressSpace>
  ) throws(Errno) -> UInt {
    let length = pageUp(segment.fileSize &+ inside)
    let room = total > 0 ? pageUp(total) : length
    guard segment.offset >= UInt64(inside) else { throw .EINVAL }
    let offset = segment.offset - UInt64(inside)
    guard offset & UInt64(settings.layout.pageSize.offsetMask) == 0 else { throw .EINVAL }
    let request = MapRequest(
      address: VirtualAddress(placement == .anywhere ? 0 : start), length: ByteCount(room),
      protection: segment.protection, flags: placement.flags, file: image.file, access: .read,
      offset: offset)
    return try inSpace(space) { space throws(MapError) in
      let place = try space.mmap(request)
      if room > length {
        try space.munmap(place + ByteCount(length), ByteCount(room - length))
      }
      return place.rawValue
    }
  }

  /// Linux: `padzero()`.
  private func clear(
    _ start: UInt, upTo end: UInt, _ space: Ref<AddressSpace>
  ) throws(Errno) {
    for address in start..<max(start, end) {
      do { try space.pointee.store(0, at: VirtualAddress(address)) } catch { throw .EFAULT }
    }
    flush(space)
  }

  func pageDown(_ address: UInt) -> UInt { address & ~settings.layout.pageSize.offsetMask }

  func pageUp(_ address: UInt) -> UInt { pageDown(address &+ settings.layout.pageSize.offsetMask) }
}

/// Where a segment goes.
enum SegmentPlacement {
  /// To its address, over whatever is there; to its address, which must be free; where there is room.
  case fixed, free, anywhere

  var flags: MapFlags {
    switch self {
    case .fixed: [.private, .fixed]
    case .free: [.private, .fixedNoReplace]
    case .anywhere: .private
    }
  }
}

/// Where a program came to lie; addresses of the file, to which `bias` is added, but `headers`.
struct LoadedProgram {
  var bias: UInt = 0
  var headers: UInt = 0
  private var code = (start: UInt.max, end: UInt(0))
  private var data = (start: UInt(0), end: UInt(0))
  private var end: UInt = 0

  /// Linux: `start_code`, `end_code`, `start_data`, `end_data`, `elf_brk` of `load_elf_binary()`.
  mutating func note(_ segment: ELFSegment) {
    let fileEnd = segment.address &+ segment.fileSize
    if segment.isExecutable {
      code.start = min(code.start, segment.address)
      code.end = max(code.end, fileEnd)
    }
    data.start = max(data.start, segment.address)
    data.end = max(data.end, fileEnd)
    end = max(end, segment.address &+ segment.memorySize)
  }

  func bounds(_ strings: StackStrings) -> ImageBounds {
    var bounds = ImageBounds()
    let codeStart = min(code.start, code.end)
    bounds.code = moved(codeStart, code.end)
    bounds.data = moved(data.start, data.end)
    bounds.arguments = VirtualRange(strings.start, strings.environmentStart)
    bounds.environment = VirtualRange(strings.environmentStart, strings.pathStart)
    return bounds
  }

  /// Behind the program, but for one without an interpreter that lies among the mappings.
  func heap(_ layout: UserLayout, isStaticMovable: Bool) -> VirtualAddress {
    let start = isStaticMovable ? layout.movableBase : VirtualAddress(bias &+ end)
    return layout.pageSize.roundUp(start)
  }

  private func moved(_ start: UInt, _ end: UInt) -> VirtualRange {
    VirtualRange(VirtualAddress(bias &+ start), VirtualAddress(bias &+ end))
  }
}

extension UserLayout {
  /// Where movable programs begin. Linux: `ELF_ET_DYN_BASE`, arch/*/include/asm/elf.h.
  var movableBase: VirtualAddress {
    switch architecture {
    case .x86_64: VirtualAddress(window.rawValue / 3 * 2)
    case .i386: VirtualAddress(taskSize.rawValue / 3 * 2)
    case .arm64: VirtualAddress(2 * (window.rawValue / 3))
    }
  }
}
