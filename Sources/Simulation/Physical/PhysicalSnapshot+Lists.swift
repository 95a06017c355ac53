internal import Recordings

extension PhysicalSnapshot {
  /// Whether a frame stands in a free list or a per-CPU list, in whatever block. O(blocks).
  func lists(_ frame: UInt64) -> Bool {
    zones.contains { zone in
      zone.free.contains { Self.holds($0.frames, $0.order, frame) }
        || zone.sets.contains { set in
          set.lists.enumerated().contains { index, frames in
            // Huge pages are those of 4 KiB granules at least.
            Self.holds(frames, index < 12 ? index / 3 : 9, frame)
          }
        }
    }
  }

  private static func holds(_ blocks: [UInt64], _ order: Int, _ frame: UInt64) -> Bool {
    blocks.contains { frame &- $0 < 1 << UInt64(order) }
  }
}
