import MemoryTypes
public import PhysicalMemory

extension Memblock {
  /// Takes over what firmware says about memory. What it reserves is reserved whether or not it is
  /// memory, so the order of its ranges does not matter.
  ///
  /// Throws when the map is broken or names more ranges than fit. O(ranges²).
  /// Linux: `early_init_dt_scan_memory()`, `e820__memblock_setup()`.
  public mutating func add(_ map: some MemoryMap) throws(BootError) {
    var isFull = false
    do throws(FirmwareError) {
      try map.forEachMemoryRange { range, kind in
        do throws(AllocationError) {
          switch kind {
          case .usable: try add(range)
          case .reserved: try reserve(range)
          }
        } catch {
          isFull = true
        }
      }
    } catch {
      throw .firmware(error)
    }
    if isFull { throw .tooManyRanges }
  }
}
