public import Machine
public import MemoryTypes

/// How many tables of each level an address space has.
@frozen
public struct TableCounts: Hashable, Sendable {
  var pte: UInt = 0
  var pmd: UInt = 0
  var pud: UInt = 0
  var p4d: UInt = 0
  var pgd: UInt = 0

  public init() {}

  /// The tables of `level`: 0 for levels the format does not have.
  public internal(set) subscript(level: TranslationLevel) -> UInt {
    get {
      switch level {
      case .pte: pte
      case .pmd: pmd
      case .pud: pud
      case .p4d: p4d
      default: pgd
      }
    }
    set {
      switch level {
      case .pte: pte = newValue
      case .pmd: pmd = newValue
      case .pud: pud = newValue
      case .p4d: p4d = newValue
      default: pgd = newValue
      }
    }
  }

  /// The tables of all levels, the root among them.
  public var total: PageCount { PageCount(pte + pmd + pud + p4d + pgd) }
}
