#if os(Linux)

  internal import CRecorder
  internal import Glibc
  internal import Synchronization
  internal import SystemPackage

  /// Merges what the tracer tells with the page faults in the rings, by time, and writes it, in a
  /// thread of its own so that the traced program does not wait for it.
  ///
  /// The thread sleeps until a ring is half full, many events wait, or the end has come. What it
  /// writes then is older than `slack`: a sample may reach its ring a little after its time.
  final class RecordingPipeline: @unchecked Sendable {
    struct Summary {
      var eventCount: UInt64
      var lostFaults: UInt64
    }

    private enum Item {
      case file(RecordedFile)
      case event(RecordedEvent)
    }

    private struct Shared {
      var items: [Item] = []
      var isClosed = false
    }

    private static let slack: UInt64 = 5_000_000
    private static let wakeupCount = 1024

    private let shared = Mutex(Shared())
    private let wakeup: Int32
    private var thread: OwnThread?

    // Touched by the writing thread alone, from its start until it is joined.
    private let writer: CompactWriter
    private let rings: FaultRings
    private var items: [Item] = []
    private var samples: [FaultSample] = []
    private var guess = AccessGuess()
    /// Tasks whose fork or first exec is written and whose exit is not.
    private var living: Set<Int32> = []
    /// Faults of tasks inside an exec (they belong to the image to come) and of newborn tasks: the
    /// kernel writes to a child's memory before the parent is seen to have forked.
    private var held: [Int32: [FaultSample]] = [:]
    private var failure: RecordingWriteError?

    init(writer: CompactWriter, rings: FaultRings, root: pid_t) {
      self.writer = writer
      self.rings = rings
      wakeup = recorder_wakeup()
      held[root] = []
    }

    deinit { Glibc.close(wakeup) }

    /// Writes the header and starts the thread.
    func start(_ header: RecordingHeader) throws(RecordingWriteError) {
      try writer.begin(header)
      do throws(SystemPackage.Errno) {
        thread = try OwnThread { self.work() }
      } catch {
        throw RecordingWriteError(path: "the recording", reason: error.description)
      }
    }

    /// Adds to the file table; events that name it come later.
    func add(_ file: RecordedFile) { put { _ in .file(file) } }

    /// Stamps an event with the time and queues it.
    func emit(_ task: pid_t, _ body: RecordedEvent.Body) {
      put { time in .event(RecordedEvent(position: 0, time: time, task: task, body)) }
    }

    private func put(_ item: (UInt64) -> Item) {
      let isFull = shared.withLock { shared in
        // The time is taken inside, so that the queue is in order and nothing older comes later.
        shared.items.append(item(monotonicTime()))
        return shared.items.count % RecordingPipeline.wakeupCount == 0
      }
      if isFull { wake() }
    }

    private func wake() { recorder_wake(wakeup) }

    /// Ends the thread after all that is queued is written; the error that befell it.
    func close() -> RecordingWriteError? {
      shared.withLock { $0.isClosed = true }
      wake()
      thread.take()?.join()
      return failure
    }

    /// Gives the recording its name. After `close()`.
    func finish() throws(RecordingWriteError) -> Summary {
      try writer.finish()
      return Summary(eventCount: writer.eventCount, lostFaults: rings.lost)
    }

    private func work() {
      var descriptors = ([wakeup] + rings.rings.map(\.descriptor)).map {
        pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
      }
      var isClosed = false
      while !isClosed {
        // SAFETY: the array lives through the call and has as many elements as it says.
        _ = unsafe poll(&descriptors, nfds_t(descriptors.count), -1)
        recorder_clear(wakeup)
        // A ring whose tasks have all gone stays readable for ever.
        for index in descriptors.indices.dropFirst()
        where descriptors[index].revents & Int16(POLLHUP | POLLERR) != 0 {
          descriptors[index].fd = -1
        }
        isClosed = collect()
      }
    }

    /// Takes what is there and writes what is old enough; tells whether this was the last time.
    private func collect() -> Bool {
      let (fresh, isClosed, now) = shared.withLock { shared in
        defer { shared.items.removeAll(keepingCapacity: true) }
        return (shared.items, shared.isClosed, monotonicTime())
      }
      items.append(contentsOf: fresh)
      rings.drain(into: &samples)
      guess.learn(from: samples, exits: exitMaps(fresh))
      merge(until: isClosed ? UInt64.max : now &- RecordingPipeline.slack)
      return isClosed
    }

    private func exitMaps(_ items: [Item]) -> [(Int32, [MapLine])] {
      items.compactMap { item in
        guard case .event(let event) = item, case .maps(let lines) = event.body else { return nil }
        return (event.task, lines)
      }
    }

    private func merge(until horizon: UInt64) {
      var nextSample = 0
      var nextItem = 0
      while nextItem < items.count {
        if case .event(let event) = items[nextItem] {
          if event.time > horizon { break }
          while nextSample < samples.count, samples[nextSample].time <= event.time {
            write(samples[nextSample])
            nextSample += 1
          }
        }
        write(items[nextItem])
        nextItem += 1
      }
      while nextSample < samples.count, samples[nextSample].time <= horizon,
        nextItem == items.count || samples[nextSample].time < horizon
      {
        write(samples[nextSample])
        nextSample += 1
      }
      items.removeFirst(nextItem)
      samples.removeFirst(nextSample)
    }

    private func write(_ item: Item) {
      switch item {
      case .file(let file): attempt { () throws(RecordingWriteError) in try writer.add(file) }
      case .event(let event):
        write(event)
        follow(event)
      }
    }

    private func write(_ event: RecordedEvent) {
      attempt { () throws(RecordingWriteError) in try writer.append(event) }
    }

    private func write(_ sample: FaultSample) {
      switch sample.kind {
      case .exec: held[sample.task] = []
      case .fault:
        // The kernel's half of the addresses is none of the program's.
        if sample.address >> 63 != 0 { return }
        if held[sample.task] != nil || !living.contains(sample.task) {
          held[sample.task, default: []].append(sample)
        } else {
          write(fault(sample, at: sample.time))
        }
      }
    }

    /// Keeps book of who lives and writes the faults that waited for this event.
    private func follow(_ event: RecordedEvent) {
      switch event.body {
      case .exec(let image):
        living.insert(event.task)
        guess.forget(event.task)
        writeHeld(event.task, at: event.time) { address in
          image.mappings.contains { $0.start <= address && address < $0.end }
        }
      case .fork(let child, _):
        living.insert(child)
        writeHeld(child, at: event.time) { _ in true }
      case .exit: living.remove(event.task)
      default: break
      }
    }

    private func writeHeld(_ task: Int32, at time: UInt64, where isKept: (UInt64) -> Bool) {
      for sample in held.removeValue(forKey: task) ?? [] where isKept(sample.address) {
        write(fault(sample, at: time))
      }
    }

    private func fault(_ sample: FaultSample, at time: UInt64) -> RecordedEvent {
      let access = guess.access(of: sample)
      return RecordedEvent(
        position: 0, time: time, task: sample.task,
        .fault(address: sample.address, access: access))
    }

    /// After the first error the program still runs to its end, unrecorded.
    private func attempt(_ body: () throws(RecordingWriteError) -> Void) {
      guard failure == nil else { return }
      do throws(RecordingWriteError) { try body() } catch { failure = error }
    }
  }

#endif
