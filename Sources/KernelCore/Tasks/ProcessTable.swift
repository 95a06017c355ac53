internal import AddressSpaces
internal import MemoryTypes

/// The tasks of a kernel: by age, by number, and those that can run.
///
/// ```
///   number ── tree ──> task        all ── list ──> oldest … newest        ready ── list ──> next … last
/// ```
/// Invariant: every task stands in the list and in the tree; a runnable one stands in the run queue or
/// is the current one. Lock: the kernel's, which one processor holds at a time here.
/// Linux: `pid_hash`, kernel/pid.c; the run queue is a plain round, not `CFS`.
struct ProcessTable {
  private(set) var all = IntrusiveList<TaskLinking>()
  private(set) var ready = IntrusiveList<RunLinking>()
  private(set) var current: Ref<Task>?
  private var numbers: RadixTree<RadixNodes>
  private var lastID: Int32 = 0

  init(services: Ref<MemoryServices>) {
    numbers = RadixTree(nodes: RadixNodes(services: services))
  }

  /// Adds a runnable task. A number that another task has still leads to the newer one.
  mutating func add(_ task: Ref<Task>) throws(AllocationError) {
    _ = try numbers.insert(task.address, at: Self.index(task.pointee.id))
    all.pushBack(task)
    ready.pushBack(task)
    lastID = max(lastID, task.pointee.id)
  }

  mutating func remove(_ task: Ref<Task>) {
    let index = Self.index(task.pointee.id)
    if numbers.value(at: index) == task.address { _ = numbers.remove(at: index) }
    all.remove(task)
    leaveQueue(task)
  }

  /// The task with a number. O(1) in practice. Linux: `find_task_by_vpid()`.
  func task(_ id: Int32) -> Ref<Task>? {
    // SAFETY: the tree holds addresses of live tasks only.
    unsafe UnsafeMutablePointer<Task>(bitPattern: numbers.value(at: Self.index(id))).map {
      unsafe Ref($0)
    }
  }

  /// A number that no task has: the next one, beginning anew behind the largest. Linux: `alloc_pid()`.
  mutating func unusedID() -> Int32 {
    repeat {
      lastID = lastID >= Self.largestID ? Self.firstReusedID : lastID + 1
    } while task(lastID) != nil
    return lastID
  }

  /// Lets the task stop to run until `wake`.
  mutating func park(_ task: Ref<Task>, _ state: TaskState) {
    task.pointee.state = state
    leaveQueue(task)
  }

  mutating func wake(_ task: Ref<Task>) {
    guard task.pointee.state != .runnable else { return }
    task.pointee.state = .runnable
    ready.pushBack(task)
  }

  /// The task whose turn it is; the one before goes to the end of the queue.
  ///
  /// Linux: `pick_next_task()` of the round-robin class.
  mutating func turn() -> Ref<Task>? {
    if let current { ready.pushBack(current) }
    current = ready.popFront()
    return current
  }

  private mutating func leaveQueue(_ task: Ref<Task>) {
    if current == task {
      current = nil
    } else if isQueued(task) {
      ready.remove(task)
    }
  }

  private func isQueued(_ task: Ref<Task>) -> Bool {
    let link = task.pointee.runLink
    return link.next != nil || link.previous != nil || ready.first == task
  }

  private static func index(_ id: Int32) -> UInt { UInt(UInt32(bitPattern: id)) }

  /// `pid_max` of 64-bit kernels, less one; numbers below 300 are not given twice.
  private static var largestID: Int32 { 4_194_303 }
  private static var firstReusedID: Int32 { 300 }
}
