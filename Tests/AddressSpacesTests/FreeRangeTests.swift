import AddressSpaces
import Machine
import MemoryTypes
import Testing

/// Placement beyond the default: the other direction, other architectures, randomisation, the old design.
struct FreeRangeTests {
  private let anonymous: MapFlags = [.private, .anonymous]

  private func x86(_ change: (inout UserLayout) -> Void = { _ in }) throws -> Laboratory {
    var layout = UserLayout.standard(.x86_64, pageSize: .size4K, virtualAddressBits: 48)
    change(&layout)
    return try Laboratory(layout: layout)
  }

  /// Areas only: nothing is touched, so the tables' own geometry does not matter.
  private func arm64(_ bits: UInt8, _ change: (inout UserLayout) -> Void = { _ in }) throws
    -> Laboratory
  {
    var layout = UserLayout.standard(.arm64, pageSize: .size4K, virtualAddressBits: bits)
    layout.minimumHint = VirtualAddress(65536)
    change(&layout)
    return try Laboratory(layout: layout)
  }

  @Test("bottom-up, the first mapping begins at a third of the space, the next one above it")
  func bottomUp() throws {
    let laboratory = try x86 { $0.placeBottomUp() }
    let base = laboratory.space.pointee.layout.legacyBase
    #expect(base == VirtualAddress(0x2aaa_aaaa_a000 + 0x1000))
    #expect(try laboratory.place(3) == base)
    #expect(try laboratory.place(2, anonymous, .read) == base + laboratory.bytes(3))
    try laboratory.space.pointee.munmap(base, laboratory.bytes(3))
    #expect(try laboratory.place(2) == base)
    #expect(try laboratory.place(2, hint: laboratory.address(0)) == laboratory.address(0))
    laboratory.checkInvariants()
  }

  @Test("bottom-up placement leaves the gap below a stack free")
  func bottomUpGuard() throws {
    let laboratory = try x86 { $0.placeBottomUp() }
    let base = laboratory.space.pointee.layout.legacyBase
    _ = try laboratory.space.pointee.mmap(
      MapRequest(
        address: base + laboratory.bytes(258), length: laboratory.bytes(2),
        protection: [.read, .write], flags: anonymous.union([.fixed, .growsDown])))
    #expect(try laboratory.place(2) == base)
    #expect(try laboratory.place(1) == base + laboratory.bytes(260))
  }

  @Test("MAP_ABOVE4G finds nothing below 4 GiB, and fails when nothing is free above")
  func above4GB() throws {
    let laboratory = try x86()
    let limit = VirtualAddress(1 << 32)
    let layout = laboratory.space.pointee.layout
    _ = try laboratory.space.pointee.mmap(
      MapRequest(
        address: limit, length: layout.taskSize - limit, protection: .read,
        flags: anonymous.union([.fixed, .noReserve])))
    let low = try laboratory.place(1)
    #expect(low == limit - laboratory.bytes(1))
    #expect(throws: MapError.outOfMemory) {
      try laboratory.place(1, anonymous.union(.above4GB))
    }
  }

  @Test("52-bit addresses are given only to hints above the default window")
  func wideHints() throws {
    let laboratory = try arm64(52)
    let window = VirtualAddress(1 << 48)
    let high = VirtualAddress(1 << 50)
    #expect(try laboratory.place(1) < window)
    #expect(try laboratory.place(1, hint: high) == high)
    let beside = try laboratory.place(2, hint: high)
    #expect(beside > high && beside < VirtualAddress(1 << 52))
    // A hint below the window whose range reaches beyond it counts for nothing.
    #expect(try laboratory.place(2, hint: window - laboratory.bytes(1)) < window)
    #expect(throws: MapError.outOfMemory) {
      try laboratory.place(1 << 36, anonymous.union(.noReserve))
    }
    laboratory.space.pointee.vmas.checkInvariants()
  }

  @Test("arm64: hints keep their tag and are refused for it; munmap ignores it")
  func tags() throws {
    let laboratory = try arm64(48)
    let start = laboratory.address(0)
    let tagged = VirtualAddress(start.rawValue | 0x5a << 56)
    #expect(try laboratory.place(1, hint: tagged) != start)
    #expect(try laboratory.place(2, hint: start) == start)
    let space = laboratory.space
    try space.pointee.mprotect(tagged, laboratory.bytes(1), .read)
    #expect(laboratory.areas.prefix(2) == ["0-1 r-", "1-2 rw"])
    #expect(
      try space.pointee.mremap(
        tagged, oldLength: laboratory.bytes(2), newLength: laboratory.bytes(1), [],
        newAddress: VirtualAddress(0)) == start)
    try space.pointee.munmap(tagged, laboratory.bytes(1))
    #expect(laboratory.areas.count == 1)
  }

  @Test("an unlimited stack makes arm64 place bottom-up, and x86 leave five sixths of the space")
  func unlimitedStack() {
    let endless = ByteCount(.max)
    let arm = UserLayout.standard(
      .arm64, pageSize: .size16K, virtualAddressBits: 47, stackLimit: endless)
    #expect(arm.direction == .bottomUp)
    #expect(arm.mmapBase == VirtualAddress(1 << 45))
    let x86 = UserLayout.standard(
      .x86_64, pageSize: .size4K, virtualAddressBits: 48, stackLimit: endless)
    #expect(x86.direction == .topDown)
    #expect(x86.mmapBase.rawValue < x86.window.rawValue / 6 + 8192)
  }

  @Test("the personality with 3 GB limits a 32-bit program on a 64-bit kernel")
  func personality() {
    #expect(UserLayout.compatible().taskSize == VirtualAddress(0xffff_e000))
    let limited = UserLayout.compatible(limitsTo3GB: true)
    #expect(limited.taskSize == VirtualAddress(0xC000_0000))
    #expect(limited.mmapBase < limited.taskSize)
  }

  @Test("file mappings keep the colour of their offset")
  func colours() throws {
    let laboratory = try x86 { $0.colours = .init(mask: 0x7000, shift: 0x2000) }
    let file = try laboratory.makeFile(64)
    for page in [0, 3, 9] {
      let start = try laboratory.space.pointee.mmap(
        MapRequest(
          address: VirtualAddress(0), length: laboratory.bytes(3), protection: .read,
          flags: .private, file: file, offset: UInt64(laboratory.bytes(page).rawValue)))
      #expect(start.rawValue & 0x7000 == (UInt(page) * 4096 + 0x2000) & 0x7000)
    }
    let plain = try laboratory.place(1)
    #expect(plain.rawValue & 0xfff == 0)
    laboratory.services.release(file)
    laboratory.checkInvariants()
  }

  @Test("shared memory is aligned where its file system has huge pages")
  func sharedAlignment() throws {
    let huge: UInt = 2 << 20
    let laboratory = try x86 { $0.alignsSharedMemory = true }
    _ = try laboratory.place(1)
    let start = try laboratory.place(600, [.shared, .anonymous])
    #expect(start.rawValue & (huge - 1) == 0)
    let small = try laboratory.place(100, [.shared, .anonymous])
    #expect(small.rawValue & (huge - 1) != 0)
    laboratory.checkInvariants()
  }

  @Test("the same seed gives the same layout, another one another")
  func randomness() {
    func layout(_ seed: UInt64, _ architecture: Architecture) -> UserLayout {
      var layout = UserLayout.standard(
        architecture, pageSize: .size4K, virtualAddressBits: architecture == .i386 ? 32 : 48)
      var generator = SeededGenerator(seed: seed)
      layout.randomize(stackLimit: ByteCount(8 << 20), using: &generator)
      return layout
    }
    for architecture in [Architecture.x86_64, .i386, .arm64] {
      let plain = UserLayout.standard(
        architecture, pageSize: .size4K, virtualAddressBits: architecture == .i386 ? 32 : 48)
      #expect(layout(1, architecture) == layout(1, architecture))
      #expect(layout(1, architecture) != layout(2, architecture))
      for seed in 1...50 {
        let moved = layout(UInt64(seed), architecture)
        #expect(moved.mmapBase <= plain.mmapBase)
        #expect(moved.stackTop <= plain.stackTop)
        // The stack's limit and guard gap fit between mappings and stack, wherever both went.
        #expect(moved.stackTop - moved.mmapBase >= ByteCount(8 << 20))
        #expect(moved.legacyBase >= plain.legacyBase)
        #expect(PageSize.size4K.isAligned(moved.mmapBase))
      }
    }
  }

  @Test("randomisation moves the heap by up to 1 GiB; on x86 before 6.9 by up to 32 MiB")
  func heapShift() {
    let layout = UserLayout.standard(.x86_64, pageSize: .size4K, virtualAddressBits: 48)
    for (version, limit) in [(LinuxVersion(6, 18), 1 << 30), (LinuxVersion(6, 1), 32 << 20)] {
      var generator = SeededGenerator(seed: 7)
      var largest: UInt = 0
      for _ in 0..<200 {
        largest = max(
          largest, layout.heapShift(KernelRules(version), using: &generator).rawValue)
      }
      #expect(largest < limit && largest > limit / 2)
    }
    var generator = SeededGenerator(seed: 7)
    #expect(layout.programShift(using: &generator) != layout.programShift(using: &generator))
  }
}

/// The allocator of old kernels, which remembers where it was instead of what is free.
struct CachedHoleTests {
  private func old(bottomUp: Bool = false) throws -> Laboratory {
    var layout = UserLayout.standard(.x86_64, pageSize: .size4K, virtualAddressBits: 48)
    if bottomUp { layout.placeBottomUp() }
    layout.keepsHole = true
    return try Laboratory(layout: layout)
  }

  @Test("going up, a hole that was never passed is not seen; one that was is, if the size fits")
  func passesHoles() throws {
    let laboratory = try old(bottomUp: true)
    let base = laboratory.space.pointee.layout.legacyBase
    #expect(try laboratory.place(2) == base)
    // The hole at base + 2 lies before a mapping that was put there by hand.
    _ = try laboratory.place(4, hint: base + laboratory.bytes(5), .init([.private, .anonymous]))
    #expect(try laboratory.place(4) == base + laboratory.bytes(9))
    // The search for four pages passed the hole of three and remembers its size.
    #expect(try laboratory.place(2) == base + laboratory.bytes(2))
    laboratory.checkInvariants()
  }

  @Test("going down, it goes on below the last place, and back up only for what was unmapped")
  func goesDown() throws {
    let laboratory = try old()
    let base = laboratory.space.pointee.layout.mmapBase
    let first = try laboratory.place(4)
    #expect(first == base - laboratory.bytes(4))
    let second = try laboratory.place(2, [.private, .anonymous], .read)
    #expect(second == first - laboratory.bytes(2))
    try laboratory.space.pointee.munmap(first, laboratory.bytes(4))
    #expect(try laboratory.place(3) == base - laboratory.bytes(3))
    laboratory.checkInvariants()
  }

  @Test("whatever it does, what it gives is free, in its limits, and it ends")
  func random() throws {
    for isUp in [false, true] {
      let laboratory = try old(bottomUp: isUp)
      let layout = laboratory.space.pointee.layout
      var generator = SeededGenerator(seed: 11)
      var taken: [VirtualRange] = []
      for _ in 0..<400 {
        if !taken.isEmpty, generator.next(below: 3) == 0 {
          let range = taken.remove(at: Int(generator.next(below: UInt32(taken.count))))
          try laboratory.space.pointee.munmap(range.start, range.count)
          continue
        }
        let pages = Int(generator.next(below: 40)) + 1
        let range = VirtualRange(try laboratory.place(pages), count: laboratory.bytes(pages))
        #expect(!taken.contains { $0.overlaps(range) })
        #expect(range.end <= layout.window)
        taken.append(range)
      }
      laboratory.checkInvariants()
    }
  }
}
