/// What is known of the free bits of a block, or of a whole chunk, without looking at them.
///
/// All values are in bits of the map, each of which is 4 bytes. They are exact.
/// Linux: `struct pcpu_block_md`, mm/percpu-internal.h.
struct PerCPUHint: Equatable {
  /// The longest run of free bits. Linux: `contig_hint`.
  var longest: Int
  /// Where it starts; of runs of the same length the one that starts most aligned.
  var longestStart: Int
  /// The free bits at the front.
  var leftFree: Int
  /// The free bits at the end.
  var rightFree: Int
  /// The first free bit; the number of bits when there is none.
  var firstFree: Int

  /// Nothing of `count` bits is free.
  static func full(_ count: Int) -> PerCPUHint {
    PerCPUHint(longest: 0, longestStart: 0, leftFree: 0, rightFree: 0, firstFree: count)
  }

  /// All of `count` bits are free.
  static func free(_ count: Int) -> PerCPUHint {
    PerCPUHint(
      longest: count, longestStart: 0, leftFree: count, rightFree: count, firstFree: 0)
  }

  /// Takes note of a run of free bits that no used bit cuts short, in a row of `count` bits.
  ///
  /// Linux: `pcpu_block_update()`.
  mutating func add(_ run: Range<Int>, of count: Int) {
    firstFree = min(firstFree, run.lowerBound)
    if run.lowerBound == 0 { leftFree = run.count }
    if run.upperBound == count { rightFree = run.count }
    let isLonger = run.count > longest
    let isAsLong = run.count == longest && isMoreAligned(run.lowerBound, than: longestStart)
    guard isLonger || isAsLong else { return }
    longest = run.count
    longestStart = run.lowerBound
  }

  private func isMoreAligned(_ start: Int, than other: Int) -> Bool {
    guard other != 0 else { return false }
    return start == 0 || start.trailingZeroBitCount > other.trailingZeroBitCount
  }
}
