internal import MemoryTypes

/// What an owner of a memory file has forbidden for good, with the values of `F_ADD_SEALS`.
public struct FileSeals: OptionSet, Hashable, Sendable {
  public let rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// No more seals. Linux: `F_SEAL_SEAL`.
  public static var seal: FileSeals { FileSeals(rawValue: 0x01) }
  public static var shrink: FileSeals { FileSeals(rawValue: 0x02) }
  public static var grow: FileSeals { FileSeals(rawValue: 0x04) }
  /// No writes at all. Linux: `F_SEAL_WRITE`.
  public static var write: FileSeals { FileSeals(rawValue: 0x08) }
  /// No writes but by mappings that stand already. Linux: `F_SEAL_FUTURE_WRITE`.
  public static var futureWrite: FileSeals { FileSeals(rawValue: 0x10) }
  /// The execute permission of the file stays as it is. Linux: `F_SEAL_EXEC`.
  public static var execute: FileSeals { FileSeals(rawValue: 0x20) }

  static var known: FileSeals { [.seal, .shrink, .grow, .write, .futureWrite, .execute] }
  /// Against new shared mappings that may write.
  static var againstMappings: FileSeals { [.write, .futureWrite] }
}

extension MappedFile {
  /// Adds seals to a memory file.
  ///
  /// - Throws: `invalidArgument` for unknown bits or a file that knows no seals, `notPermitted` once it
  ///   is sealed against seals, `busy` when writes are to be forbidden and a mapping may write.
  ///
  /// Linux: `memfd_add_seals()`, mm/memfd.c.
  public mutating func add(_ added: FileSeals) throws(MapError) {
    guard kind == .sharedMemory, added.isSubset(of: .known) else { throw .invalidArgument }
    guard !seals.contains(.seal) else { throw .notPermitted }
    if added.contains(.write), !seals.contains(.write), hasWritableMapping { throw .busy }
    seals.formUnion(added)
  }

  /// Whether a shared mapping may become writable. Linux: `i_mmap_writable`.
  private var hasWritableMapping: Bool {
    var found = false
    mappings.forEachOverlap(0, through: .max) { vma in
      if vma.pointee.flags.isSuperset(of: [.mayShare, .mayWrite]) { found = true }
    }
    return found
  }
}
