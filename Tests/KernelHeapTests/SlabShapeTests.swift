import KernelHeap
import MemoryTypes
import Testing

@Suite("Shapes of caches")
struct SlabShapeTests {
  private func shape(_ size: UInt, _ alignment: UInt = 8, _ flags: SlabFlags = []) -> SlabShape {
    SlabShape(objectSize: ByteCount(size), alignment: ByteCount(alignment), flags: flags, word: 8)
  }

  @Test("a slot has a word more where a free object keeps its bytes")
  func link() {
    #expect(shape(96).slotSize == ByteCount(96))
    #expect(shape(96, 8, .typeSafeByRCU).slotSize == ByteCount(104))
    var constructed = shape(768, 64)
    constructed.hasConstructor = true
    #expect(constructed.slotSize == ByteCount(832))
    var narrow = shape(140, 32)
    narrow.word = 4
    #expect(narrow.slotSize == ByteCount(160))
  }

  @Test("a slot is what the heap itself makes of the same request")
  func equal() {
    for size in UInt(1)...700 {
      for alignment in [UInt(8), 16, 64] {
        for flags in [SlabFlags(), .typeSafeByRCU] {
          let request = SlabRequest(
            name: "x", objectSize: ByteCount(size), alignment: ByteCount(alignment), flags: flags)
          let made = SlabGeometry(request, pageSize: .size4K, processors: 1)
          let ruled = shape(size, alignment, flags)
          #expect(ruled.slotSize == made.slotSize)
          let geometry = ruled.geometry(pageSize: .size4K, processors: 1)
          #expect(geometry.order == made.order)
          #expect(geometry.perCPUPartial == made.perCPUPartial)
        }
      }
    }
  }

  @Test("caches merge when a slot is larger by less than a word, and aligned")
  func merges() {
    #expect(shape(64).serves(shape(60)))
    #expect(!shape(64).serves(shape(56)))
    #expect(!shape(64).serves(shape(65)))
    #expect(shape(192).serves(shape(192, 64)))
    #expect(!shape(96).serves(shape(96, 64)))
    #expect(!shape(96, 64).serves(shape(96)))
  }

  @Test("flags that matter to the page allocator keep caches apart, those of the layout do not")
  func flags() {
    for flag in [SlabFlags.reclaimable, .accounted, .dma, .dma32] {
      #expect(!shape(64).serves(shape(64, 8, flag)))
      #expect(shape(64, 8, flag).serves(shape(64, 8, flag)))
    }
    #expect(shape(64).serves(shape(64, 64, .cacheLineAligned)))
  }

  @Test("a constructor, a window for user space or a flag forbids every merge")
  func forbidden() {
    var constructed = shape(64)
    constructed.hasConstructor = true
    var windowed = shape(64)
    windowed.hasUserWindow = true
    let others = [constructed, windowed, shape(56, 8, .typeSafeByRCU), shape(64, 8, .unmergeable)]
    for other in others {
      #expect(!other.isMergeable)
      #expect(!shape(64).serves(other))
      #expect(!other.serves(shape(64)))
    }
  }
}
