import Foundation
public import MemoryTypes
public import Testing

/// The seed that a person asked for with `OCTAVO_SEED`, decimal or `0x…`; nil for none.
public var requestedSeed: UInt64? {
  guard let text = ProcessInfo.processInfo.environment["OCTAVO_SEED"] else { return nil }
  return text.hasPrefix("0x") ? UInt64(text.dropFirst(2), radix: 16) : UInt64(text)
}

/// Calls `body` with a generator from a new seed, or from `OCTAVO_SEED` where that is set.
///
/// The seed goes to standard error before `body` runs, so that it is known even where an invariant
/// traps; and it stands beside every issue of a failed test.
public func withSeed<Failure>(
  sourceLocation: SourceLocation = #_sourceLocation,
  _ body: (inout SeededGenerator) throws(Failure) -> Void
) throws(Failure) {
  let seed = requestedSeed ?? UInt64.random(in: 0...0xFFFF_FFFF)
  announce(seed, sourceLocation)
  var generator = SeededGenerator(seed: seed)
  do throws(Failure) {
    try body(&generator)
  } catch {
    Issue.record("again with OCTAVO_SEED=\(seed)", sourceLocation: sourceLocation)
    throw error
  }
}

func announce(_ seed: UInt64, _ place: SourceLocation) {
  let line = "\(place.fileName):\(place.line): OCTAVO_SEED=\(seed)\n"
  FileHandle.standardError.write(Data(line.utf8))
}

extension SeededGenerator {
  /// A number in `range`, which is not empty and has fewer than 2^32 members.
  public mutating func next(in range: Range<Int>) -> Int {
    range.lowerBound + Int(next(below: UInt32(range.count)))
  }

  /// True once in `n` draws on average.
  public mutating func chance(oneIn n: UInt32) -> Bool {
    next(below: n) == 0
  }

  /// One of `choices`, which is not empty.
  public mutating func element<Choice>(of choices: [Choice]) -> Choice {
    choices[next(in: 0..<choices.count)]
  }
}
