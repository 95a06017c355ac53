public import MemoryTypes

/// Where the parts of the program's image stand, for `/proc` and `prctl`; nothing else depends on them.
///
/// Linux: `start_code` … `env_end` of `mm_struct`.
public struct ImageBounds: Hashable, Sendable {
  public var code = VirtualRange(VirtualAddress(0), VirtualAddress(0))
  public var data = VirtualRange(VirtualAddress(0), VirtualAddress(0))
  public var arguments = VirtualRange(VirtualAddress(0), VirtualAddress(0))
  public var environment = VirtualRange(VirtualAddress(0), VirtualAddress(0))

  public init() {}
}

/// What `PR_SET_MM` can move, with the values of `prctl`.
public enum ImageBound: UInt, CaseIterable, Sendable {
  case startCode = 1
  case endCode, startData, endData, startStack, startBreak, programBreak
  case startArguments, endArguments, startEnvironment, endEnvironment
}

extension AddressSpace {
  /// The pages of the program's own code, as far as so much is mapped executable.
  ///
  /// Linux: `VmExe`, `task_mem()`, fs/proc/task_mmu.c.
  public var textPages: PageCount { min(imageTextPages, accounts.code) }

  /// The pages of the program's own code by its bounds alone. Linux: `task_statm()`.
  public var imageTextPages: PageCount {
    let start = pageSize.roundDown(image.code.start)
    let end = pageSize.roundUp(image.code.end)
    return pageSize.pages(in: end - start)
  }

  /// Moves one bound of the image, as a program does that restores another.
  ///
  /// - Throws: `notPermitted` without the privilege; `invalidArgument` for an address out of range, a
  ///   pair in the wrong order, or data beyond `RLIMIT_DATA`; `badAddress` for a stack, arguments or
  ///   environment that are not mapped. Nothing has changed then.
  ///
  /// Linux: `prctl_set_mm()`, `validate_prctl_map_addr()`, kernel/sys.c.
  public mutating func setBound(_ number: UInt, _ address: VirtualAddress) throws(MapError) {
    guard limits.privileges.contains(.resources) else { throw .notPermitted }
    guard address < layout.taskSize, address >= layout.minimumAddress,
      let bound = ImageBound(rawValue: number)
    else { throw .invalidArgument }
    var changed = bounds
    changed.set(bound, address)
    guard isSound(changed) else { throw .invalidArgument }
    if bound.mustBeMapped, vmas.vma(atOrAfter: address) == nil { throw .badAddress }
    image = changed.image
    heapStart = changed.heap.start
    programBreak = changed.heap.end
    stackStart = changed.stackStart
  }

  private var bounds: Bounds {
    Bounds(image: image, heap: VirtualRange(heapStart, programBreak), stackStart: stackStart)
  }

  private func isSound(_ bounds: Bounds) -> Bool {
    let image = bounds.image
    guard isInside(image.code), isInside(image.data), isInside(bounds.heap),
      isInside(image.arguments), isInside(image.environment),
      isInside(VirtualRange(bounds.stackStart, bounds.stackStart)),
      image.code.start < image.code.end, image.data.start <= image.data.end,
      bounds.heap.start <= bounds.heap.end, image.arguments.start <= image.arguments.end,
      image.environment.start <= image.environment.end
    else { return false }
    let data = bounds.heap.count.rawValue &+ image.data.count.rawValue
    return limits.data.rawValue == .max || data <= limits.data.rawValue
  }

  private func isInside(_ range: VirtualRange) -> Bool {
    range.start >= layout.minimumAddress && range.start < layout.taskSize
      && range.end >= layout.minimumAddress && range.end < layout.taskSize
  }
}

/// The bounds as one value, to be checked before any is set. Linux: `prctl_mm_map`.
private struct Bounds {
  var image: ImageBounds
  var heap: VirtualRange
  var stackStart: VirtualAddress

  mutating func set(_ bound: ImageBound, _ address: VirtualAddress) {
    switch bound {
    case .startCode: image.code.start = address
    case .endCode: image.code.end = address
    case .startData: image.data.start = address
    case .endData: image.data.end = address
    case .startStack: stackStart = address
    case .startBreak: heap.start = address
    case .programBreak: heap.end = address
    case .startArguments: image.arguments.start = address
    case .endArguments: image.arguments.end = address
    case .startEnvironment: image.environment.start = address
    case .endEnvironment: image.environment.end = address
    }
  }
}

extension ImageBound {
  /// Linux: the second switch of `prctl_set_mm()`.
  fileprivate var mustBeMapped: Bool {
    switch self {
    case .startStack, .startArguments, .endArguments, .startEnvironment, .endEnvironment: true
    default: false
    }
  }
}
