internal import AddressSpaces
internal import KernelHeap
public import MemoryTypes

extension Kernel {
  /// Gives back the slabs that hold no object, of every cache of the kernel.
  ///
  /// - Returns: The pages given back.
  ///
  /// Linux: `kmem_cache_shrink()`.
  @discardableResult
  public func shrinkCaches() -> PageCount {
    var pages = tasks.slots.shrink()
    pages += services.pointee.vmas.slots.shrink()
    pages += services.pointee.anonVMAs.slots.shrink()
    pages += services.pointee.spaces.slots.shrink()
    pages += services.pointee.files.slots.shrink()
    pages += services.pointee.nodes.slots.shrink()
    pages += services.pointee.names.shrink()
    pages += services.pointee.areaNames.slots.shrink()
    return pages
  }
}
