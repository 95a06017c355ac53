import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

/// Expects that a process ended with `message` on standard error.
func expectMessage(
  _ message: String, _ result: ExitTest.Result?,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
  #expect(text.contains(message), sourceLocation: sourceLocation)
}

/// A caller that frees what is not his learns which mistake it was.
struct TrapTests {
  @Test("a block that is free already names the double free")
  func doubleFree() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let machine = try Laboratory(small: 256)
      let page = try machine.take(5)
      machine.free(page, 5)
      machine.free(page, 5)
    }
    expectMessage("freed twice: the block is free", result)
  }

  @Test("so does one that is merged into another")
  func mergedDoubleFree() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let machine = try Laboratory(small: 256)
      let (first, second) = (try machine.take(0), try machine.take(0))
      machine.free(first, 0)
      machine.free(second, 0)
      machine.free(second, 0)
    }
    expectMessage("freed twice", result)
  }

  @Test("so does one that a processor keeps")
  func keptDoubleFree() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let machine = try Laboratory(small: 1024, configure: { $0.hasPerCPULists = true })
      machine.setBatch(7, lowest: 30, highest: 60)
      let page = try machine.take(2)
      machine.free(page, 2)
      machine.free(page, 2)
    }
    expectMessage("freed twice: a processor keeps the block", result)
  }

  @Test("an order that the block does not have is named")
  func wrongOrder() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let machine = try Laboratory(small: 256)
      machine.free(try machine.take(2), 3)
    }
    expectMessage("freed with another order", result)
  }

  @Test("a page of another machine is named foreign")
  func foreign() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let (machine, other) = (try Laboratory(small: 256), try Laboratory(small: 256))
      machine.pages.pointee.freePagesToZone(try other.take(0), order: .zero)
    }
    expectMessage("not of this allocator", result)
  }

  @Test("a reserved frame is named")
  func reserved() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let machine = try Laboratory(small: 256)
      machine.free(machine.page(0x4_00FF), 0)
    }
    expectMessage("freed a reserved frame", result)
  }

  @Test("the tail of a compound block is named")
  func tail() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let machine = try Laboratory(small: 256)
      let head = try machine.take(3, [.kernel, .compound])
      machine.free(machine.page(machine.frame(head) + 2), 3)
    }
    expectMessage("freed the tail of a compound block", result)
  }

  @Test("a frame that page tables map is named")
  func mapped() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let machine = try Laboratory(small: 256)
      let page = try machine.take(0)
      page.pointee.mapCount = 2
      machine.free(page, 0)
    }
    expectMessage("freed a frame that page tables still map", result)
  }

  @Test("splitting a compound block, or with another order, is a mistake")
  func split() async {
    await #expect(processExitsWith: .failure) {
      let machine = try Laboratory(small: 256)
      machine.pages.pointee.split(try machine.take(2, [.kernel, .compound]), Order(2))
    }
    await #expect(processExitsWith: .failure) {
      let machine = try Laboratory(small: 256)
      machine.pages.pointee.split(try machine.take(2), Order(1))
    }
  }

  @Test("giving frames after boot that were not reserved is a mistake")
  func freeReserved() async {
    await #expect(processExitsWith: .failure) {
      let machine = try Laboratory(small: 256)
      let start = PageFrameNumber(0x4_0000)
      machine.pages.pointee.freeReserved(FrameRange(start, start + PageCount(1)))
    }
  }

  @Test("invariants notice a frame marked as a processor's, a wrong type and a lost lag")
  func invariants() async {
    await #expect(processExitsWith: .failure) {
      let machine = try Laboratory(small: 256)
      machine.pages.pointee.restoreType(.unmovable, of: PageFrameNumber(0x4_0020))
      machine.pages.pointee.checkInvariants()
    }
    await #expect(processExitsWith: .failure) {
      let machine = try Laboratory(small: 256, configure: { $0.hasPerCPULists = true })
      machine.setBatch(7, lowest: 30, highest: 60)
      let page = try machine.take(0)
      machine.free(page, 0)
      page.pointee.flags = []
      machine.pages.pointee.checkInvariants()
    }
  }
}
