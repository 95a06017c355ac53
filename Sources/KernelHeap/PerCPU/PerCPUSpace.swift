/// Addresses for chunks, behind which frames are put page by page.
///
/// C functions and a word for them, so that the heap needs no page tables, which stand above it.
/// Linux: `pcpu_get_vm_areas()`, `pcpu_map_pages()`, mm/percpu-vm.c.
@safe
public struct PerCPUSpace: @unchecked Sendable {
  /// Gets the context and a size in bytes; says where so many addresses are, 0 for nowhere.
  public typealias Reserve = @convention(c) (UnsafeMutableRawPointer?, UInt) -> UInt
  /// Gets the context, the address and the size of what was reserved; nothing is mapped there.
  public typealias Release = @convention(c) (UnsafeMutableRawPointer?, UInt, UInt) -> Void
  /// Gets the context, the address of a page and a frame number; says whether the frame is there.
  public typealias Map = @convention(c) (UnsafeMutableRawPointer?, UInt, UInt) -> Bool
  /// Gets the context and the address of a page; says the number of the frame that was there.
  public typealias Unmap = @convention(c) (UnsafeMutableRawPointer?, UInt) -> UInt

  private let context: UnsafeMutableRawPointer?
  private let reserveFunction: Reserve
  private let releaseFunction: Release
  private let mapFunction: Map
  private let unmapFunction: Unmap

  /// The functions are called with `context`, which must outlive the allocator, by one processor
  /// at a time.
  @unsafe
  public init(
    context: UnsafeMutableRawPointer?, reserve: @escaping Reserve, release: @escaping Release,
    map: @escaping Map, unmap: @escaping Unmap
  ) {
    unsafe self.context = context
    unsafe reserveFunction = reserve
    unsafe releaseFunction = release
    unsafe mapFunction = map
    unsafe unmapFunction = unmap
  }

  func reserve(_ byteCount: UInt) -> UInt? {
    let address = unsafe reserveFunction(context, byteCount)
    return address == 0 ? nil : address
  }

  func release(_ address: UInt, _ byteCount: UInt) {
    unsafe releaseFunction(context, address, byteCount)
  }

  func map(_ address: UInt, to frame: UInt) -> Bool { unsafe mapFunction(context, address, frame) }

  func unmap(_ address: UInt) -> UInt { unsafe unmapFunction(context, address) }
}
