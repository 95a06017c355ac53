import MemoryTypes
import PhysicalMemory
import TestSupport
import Testing

/// Which pageblocks requests of a type take from, and what becomes of those they break.
struct MigrateTypeTests {
  @Test("requests of different types are served from different pageblocks")
  func grouping() throws {
    let machine = try Laboratory(small: 1024)
    var owners: [UInt: Set<MigrateType>] = [:]
    for _ in 0..<40 {
      for type in [MigrateType.unmovable, .movable, .reclaimable] {
        let page = try machine.take(0, type.request)
        #expect(machine.type(of: page) == type)
        owners[machine.frame(page) / 16, default: []].insert(type)
      }
    }
    #expect(owners.values.allSatisfy { $0.count == 1 })
    machine.pages.pointee.checkInvariants()
  }

  @Test("a request whose type has nothing breaks the largest block, its pageblocks then its own")
  func largestFirst() throws {
    let machine = try Laboratory(small: 1024)
    let expected = try #require(machine.list(5, .movable).first)
    // Smaller movable blocks exist, and are left alone.
    #expect((0..<5).contains { !machine.list($0, .movable).isEmpty })
    let page = try machine.take(0, .kernel)
    #expect(machine.frame(page) == expected)
    #expect(machine.type(of: page) == .unmovable)
    #expect(machine.type(of: machine.page(expected + 16)) == .unmovable)
  }

  @Test("a movable request that cannot claim a pageblock takes the smallest block")
  func smallestForMovable() throws {
    let machine = try Laboratory(small: 1024)
    let blocks = machine.fillUnmovable()
    let (pair, single) = (blocks[3].start.rawValue, blocks[7].start.rawValue)
    machine.free([pair, pair + 1, single + 6])
    let before = machine.zone().pointee.statistics
    #expect(try machine.frame(machine.take(0)) == single + 6)
    let after = machine.zone().pointee.statistics
    #expect(after.fallbacks == before.fallbacks + 1)
    #expect(after.steals == before.steals)
    #expect(machine.type(of: machine.page(single)) == .unmovable)
    machine.pages.pointee.checkInvariants()
  }

  @Test("a reclaimable request takes the largest block where a movable one takes the smallest")
  func largestForReclaimable() throws {
    let machine = try Laboratory(small: 1024)
    let blocks = machine.fillUnmovable()
    let (pair, single) = (blocks[3].start.rawValue, blocks[7].start.rawValue)
    machine.free([pair, pair + 1, single + 6])
    #expect(try machine.frame(machine.take(0, [.kernel, .reclaimable])) == pair)
  }

  @Test(
    "a movable request claims a pageblock when half of it is free or movable",
    arguments: [(8, 0, true), (7, 0, false), (7, 1, true), (4, 3, false), (4, 4, true)])
  func half(free: UInt, onLRU: UInt, isClaimed: Bool) throws {
    let machine = try Laboratory(small: 1024)
    let block = machine.fillUnmovable()[4]
    let start = block.start.rawValue
    machine.free(start..<start + free)
    for frame in start + 8..<start + 8 + onLRU { machine.page(frame).pointee.isOnLRU = true }
    let page = try machine.take(0)
    #expect(block.contains(machine.pages.pointee.frame(of: page)))
    #expect((machine.type(of: page) == .movable) == isClaimed)
    machine.pages.pointee.checkInvariants()
  }

  @Test("all frames of a large page in an LRU list count as movable")
  func largePageOnLRU() throws {
    let machine = try Laboratory(small: 1024)
    let block = machine.fillUnmovable()[4]
    let start = block.start.rawValue
    machine.free(start..<start + 8)
    let large = try machine.take(2, [.directReclaim, .compound])
    #expect(machine.frame(large) == start)
    large.pointee.isOnLRU = true
    // Four frames are free and four can move: half of sixteen.
    let page = try machine.take(0)
    #expect(machine.type(of: page) == .movable)
  }

  @Test("an unmovable request claims a movable pageblock unless it is full of pages that can move")
  func unmovableClaims() throws {
    for onLRU in [UInt(0), 8, 9] {
      let machine = try Laboratory(small: 1024)
      machine.exhaust([.directReclaim, .movable])
      let start = UInt(0x4_0040)
      machine.free(start..<start + 4)
      for frame in start + 4..<start + 4 + onLRU { machine.page(frame).pointee.isOnLRU = true }
      let page = try machine.take(0, .kernel)
      #expect(machine.frame(page) == start)
      #expect((machine.type(of: page) == .unmovable) == (onLRU <= 8))
    }
  }

  @Test("unmovable and reclaimable requests break each other's blocks before movable ones")
  func likeFirst() throws {
    for type in [MigrateType.unmovable, .reclaimable] {
      let machine = try Laboratory(small: 1024)
      let blocks = machine.fillUnmovable()
      try machine.retype(blocks[2], to: .movable)
      try machine.retype(blocks[5], to: type == .unmovable ? .reclaimable : .unmovable)
      for block in [blocks[2], blocks[5]] {
        machine.free(block.start.rawValue..<block.start.rawValue + 4)
      }
      #expect(try machine.frame(machine.take(0, type.request)) == blocks[5].start.rawValue)
      machine.pages.pointee.checkInvariants()
    }
  }

  @Test("each pageblock that is broken raises the watermarks by its size, up to a limit")
  func boost() throws {
    let machine = try Laboratory(small: 1024)
    let blocks = machine.fillUnmovable()
    for block in blocks {
      machine.free(stride(from: block.start.rawValue, to: block.end.rawValue, by: 2))
    }
    let relief = ReliefScript()
    relief.serve(machine)
    machine.setMarks(min: 4, low: 8, high: 20)
    for boosted in [UInt(16), 30, 30] {
      relief.forget()
      _ = try machine.take(0)
      #expect(machine.zone().pointee.watermarkBoost == PageCount(boosted))
      // The background reclaim is to balance what was disturbed.
      #expect(relief.asked == [.background])
    }
    relief.forget()
    machine.setMarks(min: 4, low: 8, high: 20)
    _ = try machine.take(0, [.movable])
    #expect(relief.asked.isEmpty)
    #expect(machine.zone().pointee.watermarkBoost == PageCount(16))
  }

  @Test("nothing is boosted where the factor is 0, nor in a zone of three pageblocks")
  func noBoost() throws {
    for isSmall in [false, true] {
      let machine = try Laboratory(
        small: isSmall ? 100 : 1024,
        configure: { if !isSmall { $0.watermarkBoostFactor = 0 } },
        prepare: { memblock throws(AllocationError) in
          let image = FrameRange(PageFrameNumber(0x4_0000), PageFrameNumber(0x4_0030))
          try memblock.reserve(PhysicalRange(image))
        })
      #expect((machine.zone().pointee.managedPages < PageCount(64)) == isSmall)
      let start = machine.fillUnmovable()[0].start.rawValue
      machine.free([start, start + 2, start + 4])
      machine.setMarks(min: 0, low: 0, high: 1)
      _ = try machine.take(0)
      #expect(machine.zone().pointee.watermarkBoost == .zero)
    }
  }

  @Test("a machine of fewer than six pageblocks keeps all types together")
  func noGrouping() throws {
    let large = try Laboratory(small: 96)
    #expect(large.pages.pointee.groupsByMobility == true)
    let machine = try Laboratory(small: 95)
    #expect(machine.pages.pointee.groupsByMobility == false)
    let first = try machine.take(0, .userMovable)
    let second = try machine.take(0, .kernel)
    let third = try machine.take(0, [.kernel, .reclaimable])
    #expect(machine.frame(second) == machine.frame(first) + 1)
    #expect(machine.frame(third) == machine.frame(first) + 2)
    #expect(machine.type(of: first) == .unmovable)
    machine.pages.pointee.checkInvariants()
  }
}

extension MigrateType {
  /// A request that may wait and stays away from the marks' reserves.
  var request: AllocationFlags {
    switch self {
    case .movable: [.kernel, .movable]
    case .reclaimable: [.kernel, .reclaimable]
    default: .kernel
    }
  }
}
