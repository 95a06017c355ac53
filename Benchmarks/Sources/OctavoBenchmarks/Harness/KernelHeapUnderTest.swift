import CRivals
import Foundation
import KernelHeap
import Machine
import MemoryTypes
import PhysicalMemory

/// A kernel heap that real threads may use, each as the processor of its number.
///
/// Closures cannot hold a noncopyable value by themselves.
final class KernelHeapUnderTest: @unchecked Sendable {
  let kmalloc: KmallocCaches
  let objects: SlabCache
  private let machine: BenchmarkMachine

  /// - Parameter objectSize: Of the objects of `objects`.
  init(
    _ options: HeapOptions = HeapOptions(), processors: Int = 2, objectSize: UInt = 200
  ) throws {
    machine = try BenchmarkMachine(.x86_64(ram: ByteCount(256 << 20))) {
      $0.processors = processors
    }
    let pages = machine.pages
    let barrier: ProcessorSource.Barrier = { unsafe rival_barrier($0) }
    // SAFETY: neither function uses the context.
    pages.pointee.processors = unsafe ProcessorSource(
      context: nil, barrier: rival_has_barrier() ? barrier : nil, rival_processor)
    try SlabHeap.boot(options, on: pages)
    kmalloc = try KmallocCaches(pages: pages)
    objects = try SlabCache(name: "objects", objectSize: ByteCount(objectSize), pages: pages)
  }

  /// Allocates and frees as the workload says, and leaves nothing.
  func run(_ workload: Workload) throws {
    var live = unsafe [UnsafeMutableRawPointer?](repeating: nil, count: workload.slots)
    for step in workload.steps {
      if let object = unsafe live[step.slot] {
        unsafe objects.free(object)
        unsafe live[step.slot] = nil
      } else {
        unsafe live[step.slot] = try objects.allocate()
      }
    }
    for slot in unsafe live.indices {
      if let object = unsafe live[slot] { unsafe objects.free(object) }
    }
  }

  /// kmalloc and at once kfree, `count` times, in all `sizes` by turns.
  func runPairs(_ count: Int, _ sizes: [UInt]) throws {
    for _ in 0..<count / sizes.count {
      for size in sizes {
        let object = unsafe try kmalloc.kmalloc(ByteCount(size))
        unsafe object.storeBytes(of: size, as: UInt.self)
        unsafe kmalloc.kfree(object)
      }
    }
  }
}

/// An allocator of user space, which does the same.
@safe
struct LibraryHeap: @unchecked Sendable {
  let name: String
  private let allocate: @convention(c) (Int) -> UnsafeMutableRawPointer?
  private let release: @convention(c) (UnsafeMutableRawPointer?) -> Void

  private init?(_ name: String, _ heap: rival_heap) {
    guard let allocate = unsafe heap.allocate, let release = unsafe heap.release else { return nil }
    self.name = name
    unsafe self.allocate = allocate
    unsafe self.release = release
  }

  /// The C library's.
  static var malloc: LibraryHeap? { LibraryHeap("malloc", rival_malloc()) }

  /// Microsoft's; nil where Debian's libmimalloc is not installed.
  static var mimalloc: LibraryHeap? { LibraryHeap("mimalloc", rival_mimalloc()) }

  func run(_ workload: Workload, size: Int) {
    var live = unsafe [UnsafeMutableRawPointer?](repeating: nil, count: workload.slots)
    for step in workload.steps {
      if let object = unsafe live[step.slot] {
        unsafe release(object)
        unsafe live[step.slot] = nil
      } else {
        unsafe live[step.slot] = allocate(size)
      }
    }
    for slot in unsafe live.indices {
      if let object = unsafe live[slot] { unsafe release(object) }
    }
  }

  func runPairs(_ count: Int, _ sizes: [UInt]) {
    for _ in 0..<count / sizes.count {
      for size in sizes {
        guard let object = unsafe allocate(Int(size)) else { return }
        unsafe object.storeBytes(of: size, as: UInt.self)
        unsafe release(object)
      }
    }
  }
}
