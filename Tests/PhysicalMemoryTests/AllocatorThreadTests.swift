import Foundation
import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

/// Says which processor a thread is, by a value of its own.
@safe
final class ThreadProcessors: @unchecked Sendable {
  private var key = pthread_key_t()

  init() { unsafe pthread_key_create(&key, nil) }

  deinit { pthread_key_delete(key) }

  /// Makes the calling thread a processor.
  func become(_ processor: Int) {
    unsafe pthread_setspecific(key, UnsafeRawPointer(bitPattern: processor))
  }

  /// Where threads that said nothing are the first processor.
  var source: ProcessorSource {
    let context = unsafe UnsafeMutableRawPointer(bitPattern: UInt(key) + 1)
    return unsafe ProcessorSource(context: context) { context in
      let key = pthread_key_t(UInt(bitPattern: context) - 1)
      return unsafe Int(bitPattern: pthread_getspecific(key))
    }
  }
}

/// Processors that are real threads, each with its own lists.

struct AllocatorThreadTests {
  /// Blocks that one processor allocated and another one frees.
  @safe
  private final class Exchange: @unchecked Sendable {
    private let lock = NSLock()
    private var blocks: [(Ref<Page>, Order)] = []

    func put(_ block: (Ref<Page>, Order)) { lock.withLock { blocks.append(block) } }
    func take() -> (Ref<Page>, Order)? { lock.withLock { blocks.popLast() } }
  }

  /// What each thread does to the allocator all share.
  @safe
  private struct Worker: @unchecked Sendable {
    let pages: Ref<PageAllocator>
    let exchange: Exchange
    let thread: Int
    let isIsolating: Bool
    var random: SeededGenerator
    var living: [(Ref<Page>, Order)] = []
    var isolated: FrameRange?

    mutating func step() {
      switch random.next(in: 0..<100) {
      case 0..<46: allocate()
      case 46..<80: free()
      case 80..<88: if let block = living.popLast() { exchange.put(block) }
      case 88..<96: if let block = exchange.take() { give(block, owner: nil) }
      case 96: pages.pointee.drainPerCPULists()
      case 97: pages.pointee.decayPerCPULists(of: thread)
      default: if isIsolating { isolate() }
      }
    }

    mutating func end() {
      while !living.isEmpty { free() }
      if let isolated { pages.pointee.undoIsolation(isolated, to: .movable) }
      isolated = nil
    }

    private mutating func allocate() {
      guard living.count < 48 else { return }
      let flags = random.element(
        of: [.kernel, .userMovable, .atomic, [.kernel, .reclaimable]] as [AllocationFlags])
      let order = Order(UInt8(min(random.next(in: 0..<6), random.next(in: 0..<6))))
      let isCompound = random.chance(oneIn: 3)
      guard
        let page = try? pages.pointee.allocatePages(
          order: order, flags: isCompound ? flags.union(.compound) : flags)
      else { return }
      page.pointee.privateData = UInt(thread)
      page.pointee.isOnLRU = flags.contains(.movable)
      unsafe pages.pointee.pointer(to: page).storeBytes(of: UInt(thread), as: UInt.self)
      living.append((page, order))
    }

    private mutating func free() {
      guard !living.isEmpty else { return }
      give(living.remove(at: random.next(in: 0..<living.count)), owner: UInt(thread))
    }

    private mutating func give(_ block: (Ref<Page>, Order), owner: UInt?) {
      let (page, order) = block
      let word = unsafe pages.pointee.pointer(to: page).load(as: UInt.self)
      precondition(owner == nil || page.pointee.privateData == owner, "two threads own one page")
      precondition(word == page.pointee.privateData, "two threads write to one frame")
      page.pointee.isOnLRU = false
      if random.chance(oneIn: 9) {
        pages.pointee.freePagesToZone(page, order: order)
      } else {
        pages.pointee.freePages(page, order: order)
      }
    }

    private mutating func isolate() {
      if let range = isolated {
        isolated = nil
        _ = pages.pointee.isFreeAndIsolated(range)
        return pages.pointee.undoIsolation(range, to: .movable)
      }
      let start = PageFrameNumber(0x4_0000 + 16 * UInt(random.next(in: 0..<200)))
      let range = FrameRange(start, start + PageCount(16 * UInt(random.next(in: 1..<4))))
      if (try? pages.pointee.isolate(range, from: .movable)) != nil { isolated = range }
    }
  }

  @Test(
    "processors that allocate, free each other's blocks, drain and isolate lose no frame",
    arguments: [2, 4])
  func stress(threads: Int) throws {
    let machine = try Laboratory(
      small: 4096,
      configure: { options in
        options.hasPerCPULists = true
        options.processors = threads
        options.hasExactCounts = false
      })
    let atBoot = machine.freeBlocks
    machine.setBatch(7, lowest: 40, highest: 120)
    let processors = ThreadProcessors()
    machine.pages.pointee.processors = processors.source
    let (pages, exchange) = (machine.pages, Exchange())
    withSeed { random in
      let seed = random.next()
      inThreads(threads) { thread in
        processors.become(thread)
        var worker = Worker(
          pages: pages, exchange: exchange, thread: thread, isIsolating: thread == 0,
          random: SeededGenerator(seed: seed &+ UInt64(thread)))
        for _ in 0..<15_000 { worker.step() }
        worker.end()
      }
    }
    while let (page, order) = exchange.take() { pages.pointee.freePages(page, order: order) }
    pages.pointee.checkInvariants()
    pages.pointee.drainPerCPULists()
    pages.pointee.checkInvariants()
    #expect(pages.pointee.freePageCount == pages.pointee.managedPageCount)
    #expect(machine.freeBlocks == atBoot)
  }
}
