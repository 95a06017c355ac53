import Foundation
import Testing

@testable import Recordings

@Suite("Texts about physical memory")
struct PhysicalTextTests {
  @Test("a real snapshot is read whole: its counts agree with its lists")
  func snapshots() throws {
    let reader = try PhysicalSnapshotReader(
      path: Fixtures.own.appending(path: "physical/buddy-64k-512M-s1/buddy.snaps.txt.gz").path(
        percentEncoded: false))
    let snapshots = try reader.all()
    #expect(snapshots.map(\.name) == ["start", "end"])
    for snapshot in snapshots {
      let zone = snapshot.zones[0]
      #expect(zone.name == "Normal")
      #expect(zone.marks.count == 4)
      for (order, count) in zone.freeCounts.enumerated() {
        let blocks = zone.free.filter { $0.order == order }.reduce(0) { $0 + $1.frames.count }
        #expect(blocks == Int(count))
      }
      var listed = 0
      for (list, frames) in zone.sets[0].lists.enumerated() {
        listed += frames.count << (list < 12 ? list / 3 : 13)
      }
      #expect(listed == Int(zone.sets[0].count))
      #expect(snapshot.buddyinfo.first?.counts == zone.freeCounts)
      #expect((snapshot.vmstat["nr_free_pages"] ?? 0) > 6000)
    }
  }

  @Test("the bit of compaction is not part of a pageblock's type")
  func skipBit() throws {
    let reader = PhysicalSnapshotReader(
      name: "t",
      bytes: Array("SNAP a\nZONE 0 0 Normal start 40\nPB 0 0 40 2 9\nENDSNAP a\n".utf8))
    let block = try reader.all()[0].zones[0].pageblocks[0]
    #expect(block.type == 1 && block.isSkipped && block.start == 0x40 && block.count == 2)
  }

  @Test(
    "a damaged snapshot is one clear message",
    arguments: [
      ("SNAP a\nZONE 0 0 Normal start 40\n", "expected ENDSNAP a"),
      ("SNAP a\nENDSNAP b\n", "t:2: expected the name a"),
      ("SNAP a\nPCP 0 0 cpu 0 count 1\nENDSNAP a\n", "a zone with a ZONE line"),
      ("SNAP a\nZONE 0 0 N start 40\nPCPL 0 0 0 0 40\nENDSNAP a\n", "a PCP line"),
      ("SNAP a\nZONE 0 0 N start 40\nFREE 0 0 99 0 40\nENDSNAP a\n", "an order and a type"),
      ("SNAP a\nZONE 0 0 N start 40\nFREE 0 0 1 0 4x\nENDSNAP a\n", "a frame"),
      ("SNAP a\nHELLO\nENDSNAP a\n", "a line of a snapshot"),
      ("rubbish\n", "SNAP and a name"),
    ])
  func damage(text: String, message: String) throws {
    let error = try #require(throws: BadInput.self) {
      try PhysicalSnapshotReader(name: "t", bytes: Array(text.utf8)).all()
    }
    #expect(error.description.contains(message))
  }

  @Test("zoneinfo tells marks, reserves and per-CPU sets apart")
  func zoneinfo() throws {
    let text = """
      Node 0, zone      DMA
        per-node stats
            nr_inactive_anon 106063
        pages free     3840
              boost    7
              min      10
              low      13
              high     16
              promo    19
              spanned  4095
              present  3998
              managed  3840
              cma      0
              protection: (0, 3019, 24090)
            nr_free_pages 3840
        pagesets
          cpu: 0
                    count:    5
                    high:     6
                    batch:    1
                    high_min: 6
                    high_max: 240
        vm stats threshold: 4
        node_unreclaimable:  0
        start_pfn:           1
      Node 0, zone   Normal
        pages free     1

      """
    let zones = try ZoneinfoReader(name: "t", bytes: Array(text.utf8)).all()
    #expect(zones.map(\.name) == ["DMA", "Normal"])
    #expect(zones.map(\.index) == [0, 1])
    let zone = zones[0]
    #expect(zone.marks == [10, 13, 16, 19])
    #expect(zone.boost == 7 && zone.freePages == 3840 && zone.start == 1)
    #expect(zone.lowmemReserve == [0, 3019, 24090])
    #expect(zone.sets[0].count == 5 && zone.sets[0].high == 6 && zone.sets[0].highMaximum == 240)
  }

  @Test("pagetypeinfo gives free blocks by type and the types of pageblocks")
  func pagetypeinfo() throws {
    let text = """
      Page block order: 9
      Pages per block:  512

      Free pages count per migrate type at order       0      1
      Node    0, zone      DMA, type    Unmovable      0      2
      Node    0, zone      DMA, type      Movable >100000      3

      Number of blocks type     Unmovable      Movable
      Node 0, zone      DMA            1            7

      """
    let (order, zones) = try PagetypeinfoReader(name: "t", bytes: Array(text.utf8)).all()
    #expect(order == 9)
    #expect(zones.count == 1)
    #expect(zones[0].types == ["Unmovable", "Movable"])
    #expect(zones[0].free == [[0, 2], [100_000, 3]])
    #expect(zones[0].blocks == [1, 7])
  }
}
