/// A level of the page tables, counted from the last one up.
///
/// Counting from below keeps one name for one size: a `.pmd` entry of 4 KiB pages with 8-byte
/// entries covers 2 MiB whatever stands above it. arm64's manual counts from above: its level 3
/// is `.pte`. The topmost level of a format is its `root` (Linux: always `pgd`).
@frozen
public struct TranslationLevel: Comparable, Hashable, Sendable {
  public var rawValue: UInt8

  @inlinable @inline(__always)
  public init(_ rawValue: UInt8) { self.rawValue = rawValue }

  /// Its entries map one base page each.
  @inlinable public static var pte: Self { Self(0) }
  public static var pmd: Self { Self(1) }
  public static var pud: Self { Self(2) }
  @inlinable public static var p4d: Self { Self(3) }
  /// The fifth level of x86-64's longest addresses.
  public static var pgd: Self { Self(4) }

  @inlinable @inline(__always)
  public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

  /// The level whose tables the entries of this one point to; not for `.pte`.
  @inlinable @inline(__always)
  public var below: Self { Self(rawValue &- 1) }

  /// The level whose entries point to the tables of this one.
  @inlinable @inline(__always)
  public var above: Self { Self(rawValue &+ 1) }
}
