import AddressSpaces
import KernelCore
import KernelHeap
import Machine
import MemoryTypes
import PhysicalMemory
import Testing

/// A program on a small machine that is about to be refused. It has pages 0 to 8 and 10 to 12, private and
/// writable, and between them a hole.
final class ErrnoTrial {
  let laboratory: Laboratory
  let task: Ref<Task>
  private var files: [Ref<MappedFile>] = []

  init(_ architecture: Architecture) throws {
    laboratory = try Laboratory(architecture)
    task = try laboratory.kernel.spawn(id: 1)
    try laboratory.map(task, 0..<8)
    try laboratory.map(task, 10..<12)
  }

  /// Ends the program; nothing of it may be left.
  func end() {
    for source in FailingSource.allCases { set(.none, source) }
    var tasks: [Ref<Task>] = []
    laboratory.kernel.forEachTask { tasks.append($0) }
    laboratory.end(tasks, releasing: files)
  }

  var limits: ResourceLimits {
    get { task.pointee.space.pointee.limits }
    set { task.pointee.space.pointee.limits = newValue }
  }

  /// No more mappings than there are.
  func forbidMoreAreas() { limits.maximumVMAs = task.pointee.space.pointee.vmas.count }

  /// From now on there is none of a kind to be had.
  func fail(_ source: FailingSource) { set(.failing(everyNth: 1), source) }

  enum FailingSource: CaseIterable { case frame, area, space, name, node }

  private func set(_ plan: FaultPlan, _ source: FailingSource) {
    let services = laboratory.kernel.services
    switch source {
    case .frame: laboratory.pages.pointee.faultPlan = plan
    case .area: services.pointee.vmas.slots.faultPlan = plan
    case .space: services.pointee.spaces.slots.faultPlan = plan
    case .name: services.pointee.areaNames.slots.faultPlan = plan
    case .node: services.pointee.nodes.slots.faultPlan = plan
    }
  }
}

/// Calls, through the table of the kernel.
extension ErrnoTrial {
  static var page: UInt64 { 4096 }

  func at(_ page: Int) -> UInt64 { UInt64(laboratory.address(page)) }

  func call(
    _ call: SystemCall, _ a0: UInt64 = 0, _ a1: UInt64 = 0, _ a2: UInt64 = 0, _ a3: UInt64 = 0,
    _ a4: UInt64 = 0, file: OpenFile = .none, process: AdvisedProcess = .none
  ) -> Int64 {
    laboratory.kernel.call(
      call, CallArguments(a0, a1, a2, a3, a4, 0, file: file, process: process), by: task)
  }

  func mmap(
    _ address: UInt64 = 0, length: UInt64 = 4096, _ protection: Protection = .read,
    _ flags: MapFlags = [.private, .anonymous], file: OpenFile = .none, offset: UInt64 = 0
  ) -> Int64 {
    laboratory.kernel.call(
      .mmap,
      CallArguments(
        address, length, UInt64(protection.rawValue), UInt64(flags.rawValue), 0, offset, file: file),
      by: task)
  }

  func madvise(_ address: UInt64, _ advice: Advice, pages: UInt64 = 1) -> Int64 {
    call(.madvise, address, pages * Self.page, UInt64(advice.rawValue))
  }

  func mremap(
    _ address: UInt64, _ oldPages: UInt64, _ newPages: UInt64, _ flags: RemapFlags = [],
    to target: UInt64 = 0
  ) -> Int64 {
    call(
      .mremap, address, oldPages * Self.page, newPages * Self.page, UInt64(flags.rawValue), target)
  }

  /// A call outside the table, answered as the register would have it.
  func raw(_ body: () throws(Errno) -> Void) -> Int64 {
    do throws(Errno) { try body() } catch { return -Int64(error.rawValue) }
    return 0
  }
}

/// What else the program may have.
extension ErrnoTrial {
  /// An open file of two pages.
  func file(
    _ access: MapRequest.FileAccess = [.read, .write], _ kind: MappedFile.Kind = .regular,
    seals: FileSeals = []
  ) throws -> OpenFile {
    let file = try laboratory.makeFile(kind, size: 2 * Self.page, name: "/f")
    files.append(file)
    if !seals.isEmpty { try file.pointee.add(seals) }
    return .file(file, access)
  }

  /// Maps something more, from page 20 on.
  func map(
    _ pages: Int = 2, _ protection: Protection = [.read, .write],
    _ flags: MapFlags = [.private, .anonymous], file: OpenFile = .none
  ) throws -> UInt64 {
    try laboratory.map(task, 20..<(20 + pages), protection, flags, file: file)
    return at(20)
  }

  /// Locks a mapped page.
  func lock(_ address: UInt64) throws {
    try laboratory.kernel.mlock(task, address: UInt(address), length: UInt(Self.page))
  }

  /// Seals a range.
  func seal(_ address: UInt64, pages: UInt64 = 1) throws {
    try laboratory.kernel.mseal(
      task, address: UInt(address), length: UInt(pages * Self.page), flags: 0)
  }

  /// The pages with which the kernel tells the time: frames without descriptors.
  func kernelPages() throws -> UInt64 {
    let code = try task.pointee.space.pointee.addKernelObject(.standard(.x86_64))
    return UInt64(code.rawValue) - 6 * Self.page
  }

  /// Writes words into the program's memory.
  func store(_ words: [UInt64], at address: UInt64) throws {
    for (index, word) in words.enumerated() {
      for byte in 0..<8 {
        try task.pointee.space.pointee.store(
          UInt8(truncatingIfNeeded: word >> UInt64(8 * byte)),
          at: VirtualAddress(UInt(address) + UInt(8 * index + byte)))
      }
    }
  }

  /// Writes a text with its zero into the program's memory.
  func store(_ text: String, at address: UInt64) throws {
    for (index, byte) in (Array(text.utf8) + [0]).enumerated() {
      try task.pointee.space.pointee.store(
        byte, at: VirtualAddress(UInt(address) + UInt(index)))
    }
  }
}
