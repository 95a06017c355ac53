import Machine
import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

@Suite("Zeroed frames")
struct ZeroedFramesTests {
  @Test("on RAM that was never written, whoever asks for zeros gets them, whatever came before")
  func history() throws {
    let machine = try Laboratory(frames: 512, maximumOrder: Order(6), filling: 0)
    withSeed { random in
      var owned: [(page: Ref<Page>, order: UInt8)] = []
      for _ in 0..<4000 {
        if owned.count < 40, random.next(in: 0..<2) == 0 {
          let order = UInt8(random.next(in: 0..<5))
          let wantsZeros = random.next(in: 0..<2) == 0
          guard let page = try? machine.take(order, wantsZeros ? [.kernel, .zeroed] : .kernel)
          else { continue }
          if wantsZeros {
            #expect(machine.holdsOnly(0, page, order))
          }
          if wantsZeros, random.next(in: 0..<2) == 0 {
            page.pointee.flags.insert(.zeroFilled)
          } else {
            machine.fill(page, order, 0x5A)
          }
          owned.append((page, order))
        } else if !owned.isEmpty {
          let block = owned.remove(at: random.next(in: 0..<owned.count))
          machine.free(block.page, block.order)
        }
        machine.pages.pointee.checkInvariants()
      }
    }
  }

  @Test("a frame that nobody owned since boot is not cleared: a host need not have memory for it")
  func untouched() throws {
    let machine = try Laboratory(frames: 512, filling: 0)
    let page = try machine.take(0)
    page.pointee.flags.insert(.zeroFilled)
    machine.free(page, 0)
    // What no owner would do shows whether the allocator writes.
    machine.fill(page, 0, 0x5A)
    let again = try machine.take(0, [.kernel, .zeroed])
    #expect(again == page)
    #expect(machine.holdsOnly(0x5A, again, 0))
  }

  @Test("without the owner's word a freed frame counts as written")
  func written() throws {
    let machine = try Laboratory(frames: 512, filling: 0)
    let page = try machine.take(0)
    machine.fill(page, 0, 0x5A)
    machine.free(page, 0)
    #expect(try machine.holdsOnly(0, machine.take(0, [.kernel, .zeroed]), 0))
  }
}

extension Laboratory {
  fileprivate func holdsOnly(_ byte: UInt8, _ page: Ref<Page>, _ order: UInt8) -> Bool {
    unsafe bytes(of: page, order).allSatisfy { $0 == byte }
  }

  fileprivate func fill(_ page: Ref<Page>, _ order: UInt8, _ byte: UInt8) {
    unsafe bytes(of: page, order).update(repeating: byte)
  }

  private func bytes(of page: Ref<Page>, _ order: UInt8) -> UnsafeMutableBufferPointer<UInt8> {
    let count = Int(map.pageSize.bytes.rawValue) << Int(order)
    let start = unsafe pages.pointee.pointer(to: page).assumingMemoryBound(to: UInt8.self)
    return unsafe UnsafeMutableBufferPointer(start: start, count: count)
  }
}
