/// What a design does beside handing out objects and taking them back, which all do.
///
/// The one place that says what a design cannot do: tests and commands ask here.
public struct SlabAbilities: OptionSet, Hashable, Sendable {
  public let rawValue: UInt16

  public init(rawValue: UInt16) { self.rawValue = rawValue }

  /// A cache has slabs of its own: their number and frames are counted by cache, `shrink()` has
  /// something to give back, and a free of another cache's object is noticed.
  public static var ownSlabs: SlabAbilities { SlabAbilities(rawValue: 1 << 0) }
  /// A cache knows its objects: it names those that live, and a free of the middle of one is
  /// noticed.
  public static var namedObjects: SlabAbilities { SlabAbilities(rawValue: 1 << 1) }
  /// Equal caches share slabs. Linux: `slab_merge`.
  public static var merging: SlabAbilities { SlabAbilities(rawValue: 1 << 2) }
  /// kmalloc has rows of caches: `ksize` is the size of a class, requests of special kinds have rows
  /// of their own, and `KmallocCaches.destroy()` refuses while objects live.
  public static var sizeClasses: SlabAbilities { SlabAbilities(rawValue: 1 << 3) }
  /// Objects can be watched: red zones, poison, last users. Linux: `CONFIG_SLUB_DEBUG`,
  /// `CONFIG_DEBUG_SLAB`.
  public static var watching: SlabAbilities { SlabAbilities(rawValue: 1 << 4) }
  /// The objects of a new slab can be handed out in random order.
  /// Linux: `CONFIG_SLAB_FREELIST_RANDOM`.
  public static var randomOrder: SlabAbilities { SlabAbilities(rawValue: 1 << 5) }
  /// Links between free objects can be mangled. Linux: `CONFIG_SLAB_FREELIST_HARDENED`.
  public static var mangledLinks: SlabAbilities { SlabAbilities(rawValue: 1 << 6) }
  /// `kfree` takes the objects of any cache; else it takes those of kmalloc only, which tell their
  /// size. Linux: all designs since 6.4, when SLOB was gone.
  public static var freeOfAnyCache: SlabAbilities { SlabAbilities(rawValue: 1 << 8) }
  /// A slab can be of a smaller order where memory is short. Linux: `oo_order(s->min)`.
  public static var smallerSlabs: SlabAbilities { SlabAbilities(rawValue: 1 << 7) }
}

extension SlabDesign {
  /// Of Linux 6.12 for `slub`, of 6.1 for the others.
  ///
  /// SLAB has no links in objects that could be mangled, and cuts each slab as large as the plan
  /// says. SLOB has blocks, not slabs: it knows neither classes nor to whom a block belongs.
  public var abilities: SlabAbilities {
    switch self {
    case .slub:
      [
        .ownSlabs, .namedObjects, .merging, .sizeClasses, .watching, .randomOrder, .mangledLinks,
        .smallerSlabs, .freeOfAnyCache,
      ]
    case .slab:
      [
        .ownSlabs, .namedObjects, .merging, .sizeClasses, .watching, .randomOrder, .freeOfAnyCache,
      ]
    case .slob: []
    }
  }
}
