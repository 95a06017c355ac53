#if os(Linux)

  internal import CRecorder
  internal import Glibc

  /// One processor's ring of page-fault samples, shared with the kernel.
  ///
  /// A record is `type(u32) misc(u16) size(u16)` and fields, in multiples of eight bytes; the ring
  /// is a power of two, so no word wraps. Layouts: perf_event_open(2).
  @safe struct FaultRing {
    let descriptor: Int32
    private let control: UnsafeMutableRawPointer
    let pages: UInt32
    private let data: UnsafePointer<UInt64>
    /// Words in the ring, less one.
    private let mask: UInt64

    private enum RecordType {
      static let lost: UInt32 = 2
      static let comm: UInt32 = 3
      static let sample: UInt32 = 9
      static let lostSamples: UInt32 = 13
    }

    /// Maps as much as the system allows, from `pages` downwards; nil when it allows nothing.
    init?(descriptor: Int32, pages: UInt32) {
      var pages = pages
      while pages > 0 {
        if let control = unsafe recorder_map_ring(descriptor, pages) {
          let size = Int(sysconf(Int32(_SC_PAGESIZE)))
          self.descriptor = descriptor
          unsafe self.control = control
          self.pages = pages
          // SAFETY: the data pages follow the control page.
          unsafe data = UnsafePointer(
            (control + size).bindMemory(to: UInt64.self, capacity: Int(pages) * size / 8))
          mask = UInt64(Int(pages) * size / 8 - 1)
          return
        }
        pages /= 2
      }
      return nil
    }

    func unmap() { unsafe recorder_unmap_ring(control, pages) }

    /// Moves everything the kernel has completed to `samples`; adds to `lost`.
    func drain(into samples: inout [FaultSample], lost: inout UInt64) {
      let head = unsafe recorder_ring_head(control)
      var tail = unsafe recorder_ring_tail(control)
      while tail < head {
        let header = word(tail)
        let size = header >> 48
        guard size >= 8, size <= head - tail else { break }
        take(at: tail, header, size, into: &samples, lost: &lost)
        tail += size
      }
      unsafe recorder_ring_release(control, head)
    }

    private func take(
      at place: UInt64, _ header: UInt64, _ size: UInt64, into samples: inout [FaultSample],
      lost: inout UInt64
    ) {
      let misc = UInt16(truncatingIfNeeded: header >> 32)
      switch UInt32(truncatingIfNeeded: header) {
      case RecordType.sample where size >= 40:
        samples.append(sample(at: place, isFromKernel: misc & 7 == 1))
      case RecordType.comm where misc & 0x2000 != 0 && size >= 32:
        // The trailer that every record has: task, then time.
        let (process, task) = halves(word(place + size - 16))
        samples.append(
          FaultSample(kind: .exec, time: word(place + size - 8), process: process, task: task))
      case RecordType.lost where size >= 24: lost &+= word(place + 16)
      case RecordType.lostSamples where size >= 16: lost &+= word(place + 8)
      default: break
      }
    }

    private func sample(at place: UInt64, isFromKernel: Bool) -> FaultSample {
      let (process, task) = halves(word(place + 16))
      return FaultSample(
        kind: .fault, time: word(place + 24), process: process, task: task,
        address: word(place + 32), instruction: word(place + 8), isFromKernel: isFromKernel)
    }

    private func word(_ place: UInt64) -> UInt64 {
      // SAFETY: the mask keeps the index inside the ring.
      unsafe data[Int(place / 8 & mask)]
    }

    private func halves(_ word: UInt64) -> (Int32, Int32) {
      (Int32(truncatingIfNeeded: word), Int32(truncatingIfNeeded: word >> 32))
    }
  }

#endif
