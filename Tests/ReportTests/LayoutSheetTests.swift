import AddressSpaces
import MemoryTypes
import Report
import Testing

/// What running kernels showed. Sources: the headers and first maps lines of the oracle logs
/// (`fixtures/oracle`, ASLR off, stack limit 8 MiB: `task_size`, the end of `[vdso]`, which is the
/// first mapping below the mmap top, and the end of `[stack]`); `fixtures/recordings/ls` for the
/// first segment of a PIE; `/proc/PID/maps` of a 32-bit PIE under `setarch -R` on x86-64 6.18.
struct ObservedLayout: CustomTestStringConvertible {
  var sheet: LayoutSheet
  var source: String
  var taskSize: UInt?
  var mmapTop: UInt
  var stackTop: UInt
  var positionIndependentStart: UInt?

  var testDescription: String { source }

  static let all = [
    ObservedLayout(
      sheet: LayoutSheet(platform: .x86_64, pageSize: .size4K),
      source: "oracle/x86_64-6.18, recordings/ls", taskSize: 0x7fff_ffff_f000,
      mmapTop: 0x7fff_f7ff_f000, stackTop: 0x7fff_ffff_f000,
      positionIndependentStart: 0x5555_5555_4000),
    ObservedLayout(
      sheet: LayoutSheet(platform: .i386, pageSize: .size4K),
      source: "oracle/i686-6.18 (ADDR_LIMIT_3GB)", taskSize: 0xc000_0000, mmapTop: 0xb800_0000,
      stackTop: 0xc000_0000),
    ObservedLayout(
      sheet: LayoutSheet(platform: .i386OnX86, pageSize: .size4K),
      source: "a 32-bit PIE on x86-64 6.18", mmapTop: 0xf7ff_e000, stackTop: 0xffff_e000,
      positionIndependentStart: 0x5655_5000),
    ObservedLayout(
      sheet: LayoutSheet(platform: .arm64(virtualAddressBits: 48), pageSize: .size4K),
      source: "oracle/arm64-4k-6.1", taskSize: 0x1_0000_0000_0000, mmapTop: 0xffff_f800_0000,
      stackTop: 0x1_0000_0000_0000),
    ObservedLayout(
      sheet: LayoutSheet(platform: .arm64(virtualAddressBits: 52), pageSize: .size16K),
      source: "oracle/arm64-16k-6.12", taskSize: 0x10_0000_0000_0000, mmapTop: 0x7fff_f800_0000,
      stackTop: 0x8000_0000_0000),
    ObservedLayout(
      sheet: LayoutSheet(platform: .arm64(virtualAddressBits: 52), pageSize: .size64K),
      source: "oracle/arm64-64k-6.12", taskSize: 0x10_0000_0000_0000, mmapTop: 0xffff_f800_0000,
      stackTop: 0x1_0000_0000_0000),
  ]
}

@Suite("LayoutSheet")
struct LayoutSheetTests {
  @Test(
    "task size, mmap top, stack top and PIE start are those of running kernels",
    arguments: ObservedLayout.all)
  func equalsRunningKernels(observed: ObservedLayout) {
    let sheet = observed.sheet
    #expect(sheet.layout.mmapBase.rawValue == observed.mmapTop)
    #expect(sheet.layout.stackTop.rawValue == observed.stackTop)
    if let taskSize = observed.taskSize { #expect(sheet.layout.taskSize.rawValue == taskSize) }
    if let start = observed.positionIndependentStart {
      #expect(sheet.positionIndependentStart.rawValue == start)
    }
  }

  @Test("places seen under ASLR on x86-64 6.18 lie in the ranges told")
  func randomPlaces() {
    let wide = LayoutSheet(platform: .x86_64, pageSize: .size4K)
    for end: UInt in [0x7fb1_1785_3000, 0x7f9a_b8c4_6000, 0x7f30_2085_3000] {
      #expect(wide.randomMmapTop.contains(VirtualAddress(end)))
    }
    for end: UInt in [0x7ffd_7a40_b000, 0x7ffc_1fe2_8000, 0x7fff_ee20_5000] {
      #expect(wide.randomStackTop.contains(VirtualAddress(end)))
    }
    let narrow = LayoutSheet(platform: .i386OnX86, pageSize: .size4K)
    for start: UInt in [0x5655_d000, 0x5664_a000] {
      #expect(narrow.randomPositionIndependentStart.contains(VirtualAddress(start)))
    }
    for end: UInt in [0xf7f8_f000, 0xf7f0_0000] {
      #expect(narrow.randomMmapTop.contains(VirtualAddress(end)))
    }
  }

  @Test("the gap for the stack is at least 128 MiB and at most five sixths of the space")
  func stackGap() {
    func top(_ limit: UInt) -> UInt {
      LayoutSheet(platform: .i386, pageSize: .size4K, stackLimit: ByteCount(limit)).layout.mmapBase
        .rawValue
    }
    #expect(top(0) == 0xb800_0000)
    #expect(top(127 << 20) == 0xb800_0000)
    #expect(top(256 << 20) == 0xc000_0000 - 257 << 20)
    #expect(top(.max) == 0x2000_0000)
  }

  @Test("a 64K machine rounds the null guard up to its page")
  func nullGuard() {
    let sheet = LayoutSheet(platform: .arm64(virtualAddressBits: 48), pageSize: .size64K)
    #expect(sheet.nullGuardEnd.rawValue == 65536)
  }

  @Test("in every layout the places are page-aligned and in order")
  func placesAreOrdered() {
    for sheet in LayoutSheet.all() {
      let places = [
        sheet.nullGuardEnd, sheet.positionIndependentStart, sheet.layout.mmapBase,
        sheet.layout.stackTop,
        sheet.layout.window, sheet.layout.taskSize,
      ]
      #expect(places.allSatisfy(sheet.pageSize.isAligned), "\(sheet.title)")
      #expect(zip(places, places.dropFirst()).allSatisfy { $0 <= $1 }, "\(sheet.title)")
      #expect(sheet.randomMmapTop.end <= sheet.layout.mmapBase, "\(sheet.title)")
      #expect(sheet.randomMmapTop.start < sheet.randomMmapTop.end, "\(sheet.title)")
    }
  }
}
