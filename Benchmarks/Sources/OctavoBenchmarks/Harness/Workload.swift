/// A fixed sequence of allocations and frees, the same for both contenders.
///
/// Each step names a slot: if it is empty the step allocates, else it frees. So the number of live
/// blocks wanders around half of the slots, and frees come in random order.
struct Workload {
  struct Step {
    var slot: Int
    var order: UInt8
  }

  var slots: Int
  var steps: [Step]

  /// - Parameter largestOrder: orders up to it, each half as frequent as the one below.
  init(slots: Int, steps: Int, largestOrder: Int = 0, seed: UInt64 = 8) {
    var state = seed
    self.slots = slots
    self.steps = (0..<steps).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let random = state >> 33
      let order = min((random >> 20 | 1 << 12).trailingZeroBitCount, largestOrder)
      return Step(slot: Int(random % UInt64(slots)), order: UInt8(order))
    }
  }
}
