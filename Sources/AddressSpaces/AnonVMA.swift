public import MemoryTypes

/// The identity of a family of VMAs that may hold each other's anonymous pages.
///
/// Two VMAs merge only if they are of one family, or one has none yet. A forked child's areas are
/// families of their own that descend from the parent's:
///
///     parent's area ── family ◄── family ── child's area ◄── family ── grandchild's area
///
/// Invariant: a family lives as long as an area is in it or a family descends from it.
/// Linux: `anon_vma`, include/linux/rmap.h.
public struct AnonVMA {
  /// VMAs whose new pages belong to it. Linux: `num_active_vmas`.
  public internal(set) var members: Int
  /// Families that descend from it directly. Linux: `num_children`, which counts a root's own self too.
  public internal(set) var children: Int
  /// The family it descends from; nil for one that no fork made. Linux: `parent`.
  public internal(set) var parent: Ref<AnonVMA>?

  /// A family without members, parent and children.
  init() {
    members = 0
    children = 0
  }

  /// Whether a forked area may join it instead of founding a family: nobody's new pages go there, and
  /// at most one family descends from it, so that it serves one line only.
  ///
  /// Linux: the reuse in `anon_vma_clone()`, mm/rmap.c.
  var mayBeReused: Bool { members == 0 && children + (parent == nil ? 1 : 0) < 2 }
}
