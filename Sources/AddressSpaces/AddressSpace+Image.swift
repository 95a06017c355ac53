public import Machine
public import MemoryTypes

/// What `execve` puts into a new address space besides the program's segments.
extension AddressSpace {
  /// Adds zeroed memory of the program's own at a fixed place, as the part of a segment that no file
  /// fills (bss).
  ///
  /// - Throws: `outOfMemory` for a limit.
  ///
  /// Linux: `vm_brk_flags()`, mm/mmap.c.
  public mutating func addZeroed(_ range: VirtualRange, isExecutable: Bool) throws(MapError) {
    var protection: Protection = [.read, .write]
    if isExecutable { protection.insert(.execute) }
    _ = try mmap(
      MapRequest(
        address: range.start, length: range.count, protection: protection,
        flags: [.private, .anonymous, .fixed]))
  }

  /// Adds the first stack: from `lowest`, the page of the lowest string, 128 KiB further down as far as
  /// the limit allows, up to the stack's top.
  ///
  /// Linux: `setup_arg_pages()`, fs/exec.c.
  public mutating func addStack(
    from lowest: VirtualAddress, isExecutable: Bool
  ) throws(MapError) {
    let top = layout.stackTop
    let used = top - lowest
    let wanted = ByteCount(used.rawValue &+ 128 << 10)
    let limit = pageSize.roundDown(VirtualAddress(limits.stack.rawValue)).rawValue
    let start = wanted.rawValue > limit ? top - max(used, ByteCount(limit)) : lowest - Self.headroom
    var flags = VMAFlags.dataDefault.union([.growsDown, .accounted])
    if isExecutable { flags.insert(.execute) }
    try addImageArea(
      VMA(
        range: VirtualRange(start, top), flags: flags, pageOffset: pageSize.pageNumber(of: start)))
  }

  private static var headroom: ByteCount { ByteCount(128 << 10) }

  /// Adds the pages with which the kernel answers some calls in user mode, where placement likes.
  ///
  /// - Returns: Where the code among them begins.
  ///
  /// Linux: `map_vdso()`, arch/x86/entry/vdso/vma.c; `__setup_additional_pages()`,
  /// arch/arm64/kernel/vdso.c.
  public mutating func addKernelObject(_ object: KernelObject) throws(MapError) -> VirtualAddress {
    let length = pageSize.bytes(in: object.data + object.clock + object.code)
    let start = try place(
      length, at: VirtualAddress(0), [], file: nil, fileOffset: .zero)
    let dataFlags: VMAFlags = [.read, .mayRead, .device, .dontExpand, .dontDump, .rawFrames]
    let codeFlags: VMAFlags = [.read, .execute, .mayRead, .mayWrite, .mayExecute]
    let clock = start + pageSize.bytes(in: object.data)
    let code = clock + pageSize.bytes(in: object.clock)
    try addKernelArea(VirtualRange(start, clock), dataFlags, .vvar)
    try addKernelArea(VirtualRange(clock, code), dataFlags, .vvarClock)
    try addKernelArea(VirtualRange(code, start + length), codeFlags, .vdso)
    return code
  }

  private mutating func addKernelArea(
    _ range: VirtualRange, _ flags: VMAFlags, _ special: VMA.SpecialMapping
  ) throws(MapError) {
    guard !range.isEmpty else { return }
    try addImageArea(VMA(range: range, flags: flags, pageOffset: 0, special: special))
  }

  /// Says where the program's stack pointer stands at its start. Linux: `mm->start_stack`.
  public mutating func setStackStart(_ address: VirtualAddress) { stackStart = address }
}

/// How many pages the kernel's own mappings in a program have. Linux: `vdso_image`.
public struct KernelObject: Hashable, Sendable {
  /// `[vvar]`, `[vvar_vclock]` and `[vdso]`, lowest first; a part of no pages is left out.
  public var data: PageCount
  public var clock: PageCount
  public var code: PageCount

  public init(data: PageCount, clock: PageCount, code: PageCount) {
    self.data = data
    self.clock = clock
    self.code = code
  }

  /// As kernels of 6.18 (x86) and 6.12 (arm64) have them.
  public static func standard(_ architecture: Architecture) -> KernelObject {
    switch architecture {
    case .x86_64, .i386:
      KernelObject(data: PageCount(4), clock: PageCount(2), code: PageCount(2))
    case .arm64: KernelObject(data: PageCount(2), clock: .zero, code: PageCount(1))
    }
  }
}
