import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

/// What is in frames that are free, and in those just allocated.
struct PoisonTests {
  private func holds(_ machine: Laboratory, _ byte: UInt8, _ page: Ref<Page>, _ order: UInt8 = 0)
    -> Bool
  {
    let bytes = unsafe UnsafeRawBufferPointer(
      start: machine.pages.pointee.pointer(to: page), count: 4096 << Int(order))
    return unsafe bytes.allSatisfy { $0 == byte }
  }

  private func fill(_ machine: Laboratory, _ page: Ref<Page>, _ byte: UInt8, _ order: UInt8 = 0) {
    unsafe machine.pages.pointee.pointer(to: page).initializeMemory(
      as: UInt8.self, repeating: byte, count: 4096 << Int(order))
  }

  @Test("a poisoned machine fills every free frame and finds all of them unchanged")
  func poisoned() throws {
    for filling in [UInt8(0), 0x5A] {
      let machine = try Laboratory(
        frames: 512, maximumOrder: Order(5), filling: filling,
        configure: { $0.poisonsFreeFrames = true })
      let pages = machine.exhaust(.kernel)
      #expect(pages.allSatisfy { holds(machine, 0xAA, $0) })
      for page in pages {
        fill(machine, page, 0x11)
        machine.free(page, 0)
      }
      #expect(holds(machine, 0xAA, try machine.take(3), 3))
      // Zeroed frames are zeroed although RAM was never written at first.
      let zeroed = try machine.take(2, [.kernel, .zeroed])
      #expect(holds(machine, 0, zeroed, 2))
      zeroed.pointee.flags.insert(.zeroFilled)
      machine.free(zeroed, 2)
      let again = try machine.take(2, [.kernel, .zeroed])
      #expect(holds(machine, 0, again, 2))
      machine.pages.pointee.checkInvariants()
    }
  }

  @Test("a write to a free frame is found when the frame is used again")
  func found() async throws {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let machine = try Laboratory(small: 256, configure: { $0.poisonsFreeFrames = true })
      let page = try machine.take(1)
      machine.free(page, 1)
      unsafe machine.pages.pointee.pointer(to: page).storeBytes(
        of: 0, toByteOffset: 5000, as: UInt8.self)
      _ = machine.exhaust(.kernel)
    }
    expectMessage("a free frame was written to", result)
  }

  @Test("a machine that clears on allocation gives zeros to all, or the frame as it was freed")
  func clearsOnAllocation() throws {
    for isOn in [false, true] {
      let machine = try Laboratory(small: 256, configure: { $0.clearsOnAllocation = isOn })
      let page = try machine.take(3)
      #expect(holds(machine, isOn ? 0 : 0xA5, page, 3))
      fill(machine, page, 0x11, 3)
      machine.free(page, 3)
      #expect(try machine.take(3) == page)
      #expect(holds(machine, isOn ? 0 : 0x11, page, 3))
    }
  }

  @Test("a machine that clears on free leaves nothing of the last owner's in a free frame")
  func clearsOnFree() throws {
    let machine = try Laboratory(small: 256, configure: { $0.clearsOnFree = true })
    let page = try machine.take(2)
    fill(machine, page, 0x11, 2)
    machine.free(page, 2)
    #expect(holds(machine, 0, page, 2))
    #expect(try machine.take(2) == page)
    #expect(holds(machine, 0, page, 2))
  }
}
