public import MemoryTypes

/// One set-associative cache of translations, tagged by ASID, in memory it is given.
///
///     address ─ hash of (address >> size) ─> bucket ─> entry ─> entry ─> end
///                                                        │
///     set = (address >> size) mod sets:   way 0 │ way 1 │ way 2 │ …      who goes: Replacement
///
/// Sets and ways decide who is dropped, as in hardware. Who is there is found by chains of equal
/// hash, so a fully associative TLB of 72 ways costs no more than one of 4. One size, the base
/// page's, has a path of its own that is short enough to inline; others take one probe per size
/// that is present.
///
/// An entry holds what a walk found. A leaf larger than any size that the TLB holds is entered
/// piece by piece. Leaves that gave no access are not entered, as no architecture here may cache an
/// invalid descriptor. Invalidation is the caller's duty: nothing here looks at the tables again.
@safe @frozen
public struct TLB: ~Copyable {
  /// `entryCount` entries, and one that is always free and ends every chain.
  @usableFromInline let entries: UnsafeMutablePointer<TLBEntry>
  /// The first entry of each chain.
  @usableFromInline let buckets: UnsafeMutablePointer<UInt16>
  /// Bit n: entry n is in use.
  let occupied: UnsafeMutablePointer<UInt64>
  /// The bits of each set's tree, for tree-PLRU.
  let trees: UnsafeMutablePointer<UInt64>
  /// By log2 of the size: hits off the short path, and entries in use.
  let sizeHits: UnsafeMutablePointer<UInt64>
  let sizeEntries: UnsafeMutablePointer<UInt16>

  @usableFromInline let bucketMask: UInt
  let setMask: UInt
  let ways: Int
  let sizes: EntrySizes
  /// log2 of the size that the short path looks for, and that size less 1.
  @usableFromInline let baseShift: UInt
  @usableFromInline let baseOffset: UInt
  @usableFromInline let usesTrees: Bool
  /// Which sizes have entries in use.
  var presentSizes: UInt64 = 0
  /// Entries in use that hold a piece of a larger leaf.
  var pieceCount = 0
  var liveCount = 0
  var random: SeededGenerator?
  /// Look-ups so far; what `lastUse` is measured in.
  @usableFromInline var clock: UInt64 = 0
  /// Look-ups that the short path could not answer.
  var longLookups: UInt64 = 0

  public var entryCount: Int { (Int(setMask) + 1) * ways }

  /// How often a translation was asked for.
  public var lookups: UInt64 { clock }

  /// The physical address of the byte at `address`, if it is here in a piece of the base size and
  /// allows one of `rights`.
  ///
  /// What it does not find may still be here: `lookUpAnySize` decides.
  @inlinable @inline(__always)
  mutating func lookUp(
    _ address: VirtualAddress, asid: ASID, rights: UInt64
  ) -> PhysicalAddress? {
    clock &+= 1
    let number = address.rawValue &>> baseShift
    let index = unsafe buckets[Int(bitPattern: number & bucketMask)]
    // SAFETY: buckets hold indices of entries, at most that of the last one, which is always free.
    let entry = unsafe entries + Int(index)
    guard unsafe entry.pointee.matches(address.rawValue & ~baseOffset | baseShift, asid),
      unsafe entry.pointee.frame & rights != 0
    else { return nil }
    unsafe entry.pointee.lastUse = clock
    if usesTrees { touchTree(Int(index)) }
    let offset = UInt64(baseOffset)
    return unsafe PhysicalAddress(
      entry.pointee.frame & ~offset | UInt64(address.rawValue) & offset)
  }
}
