/// The names of the caches: Embedded Swift has no strings to make them of. Linux: `kmalloc_info`.
extension KmallocClass {
  static func name(_ kind: KmallocKind, _ index: Int) -> StaticString {
    switch kind {
    case .normal: normalName(index)
    case .dma: dmaName(index)
    case .reclaimable: reclaimableName(index)
    case .accounted: accountedName(index)
    }
  }

  private static func normalName(_ index: Int) -> StaticString {
    switch index {
    case 1: "kmalloc-96"
    case 2: "kmalloc-192"
    case 3: "kmalloc-8"
    case 4: "kmalloc-16"
    case 5: "kmalloc-32"
    case 6: "kmalloc-64"
    case 7: "kmalloc-128"
    case 8: "kmalloc-256"
    case 9: "kmalloc-512"
    case 10: "kmalloc-1k"
    case 11: "kmalloc-2k"
    case 12: "kmalloc-4k"
    case 13: "kmalloc-8k"
    case 14: "kmalloc-16k"
    case 15: "kmalloc-32k"
    case 16: "kmalloc-64k"
    default: "kmalloc-128k"
    }
  }

  private static func dmaName(_ index: Int) -> StaticString {
    switch index {
    case 1: "dma-kmalloc-96"
    case 2: "dma-kmalloc-192"
    case 3: "dma-kmalloc-8"
    case 4: "dma-kmalloc-16"
    case 5: "dma-kmalloc-32"
    case 6: "dma-kmalloc-64"
    case 7: "dma-kmalloc-128"
    case 8: "dma-kmalloc-256"
    case 9: "dma-kmalloc-512"
    case 10: "dma-kmalloc-1k"
    case 11: "dma-kmalloc-2k"
    case 12: "dma-kmalloc-4k"
    case 13: "dma-kmalloc-8k"
    case 14: "dma-kmalloc-16k"
    case 15: "dma-kmalloc-32k"
    case 16: "dma-kmalloc-64k"
    default: "dma-kmalloc-128k"
    }
  }

  private static func reclaimableName(_ index: Int) -> StaticString {
    switch index {
    case 1: "kmalloc-rcl-96"
    case 2: "kmalloc-rcl-192"
    case 3: "kmalloc-rcl-8"
    case 4: "kmalloc-rcl-16"
    case 5: "kmalloc-rcl-32"
    case 6: "kmalloc-rcl-64"
    case 7: "kmalloc-rcl-128"
    case 8: "kmalloc-rcl-256"
    case 9: "kmalloc-rcl-512"
    case 10: "kmalloc-rcl-1k"
    case 11: "kmalloc-rcl-2k"
    case 12: "kmalloc-rcl-4k"
    case 13: "kmalloc-rcl-8k"
    case 14: "kmalloc-rcl-16k"
    case 15: "kmalloc-rcl-32k"
    case 16: "kmalloc-rcl-64k"
    default: "kmalloc-rcl-128k"
    }
  }

  private static func accountedName(_ index: Int) -> StaticString {
    switch index {
    case 1: "kmalloc-cg-96"
    case 2: "kmalloc-cg-192"
    case 3: "kmalloc-cg-8"
    case 4: "kmalloc-cg-16"
    case 5: "kmalloc-cg-32"
    case 6: "kmalloc-cg-64"
    case 7: "kmalloc-cg-128"
    case 8: "kmalloc-cg-256"
    case 9: "kmalloc-cg-512"
    case 10: "kmalloc-cg-1k"
    case 11: "kmalloc-cg-2k"
    case 12: "kmalloc-cg-4k"
    case 13: "kmalloc-cg-8k"
    case 14: "kmalloc-cg-16k"
    case 15: "kmalloc-cg-32k"
    case 16: "kmalloc-cg-64k"
    default: "kmalloc-cg-128k"
    }
  }
}
