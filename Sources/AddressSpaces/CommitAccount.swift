public import MemoryTypes

/// The pages that VMAs promise to their owners, for the whole machine.
///
/// ```
///   policy     a request is refused when …
///   0          it alone exceeds RAM and swap
///   1          never
///   2          all promises together reach limit = RAM · ratio / 100 + swap - reserves
/// ```
/// The reserves leave room for an administrator to log in, and for one program that took almost
/// everything to be stopped. Linux: `vm_committed_as` and `__vm_enough_memory()`, mm/util.c.
public struct CommitAccount: Hashable, Sendable {
  public var policy: Policy
  /// RAM as the rule counts it.
  public var ram: PageCount
  public var swap = PageCount.zero
  /// `vm.overcommit_ratio`, per cent of RAM.
  public var ratio: UInt = 50
  /// `vm.overcommit_kbytes` in pages: takes the place of the ratio; 0 for none.
  public var fixedLimit = PageCount.zero
  /// `vm.admin_reserve_kbytes` in pages: kept from everybody but an administrator.
  public var administratorReserve = PageCount.zero
  /// `vm.user_reserve_kbytes` in pages: as much as this, or a 32nd of what the process has mapped, is
  /// kept from the process that asks.
  public var userReserve = PageCount.zero
  public private(set) var committed = PageCount.zero

  public init(policy: Policy, totalPages: PageCount) {
    self.policy = policy
    ram = totalPages
  }

  /// `vm.overcommit_memory`.
  public enum Policy: UInt8, Sendable {
    /// 0: refuse only a single request larger than all memory.
    case heuristic
    /// 1: refuse nothing.
    case always
    /// 2: refuse what exceeds half of RAM plus swap in total.
    case never
  }

  /// RAM and swap together.
  public var totalPages: PageCount { ram + swap }

  /// What may be promised in all under policy 2, reserves included. Linux: `vm_commit_limit()`,
  /// `CommitLimit` of `/proc/meminfo`.
  public var limit: PageCount {
    let share =
      fixedLimit > .zero
      ? fixedLimit.rawValue : ram.rawValue / 100 * ratio + ram.rawValue % 100 * ratio / 100
    return PageCount(share) + swap
  }

  /// Promises `pages` more, or throws `outOfMemory` and promises nothing.
  ///
  /// - Parameters:
  ///   - mapped: All that the process has mapped.
  ///   - isAdministrator: The administrator's reserve is his.
  public mutating func charge(
    _ pages: PageCount, mapped: PageCount = .zero, isAdministrator: Bool = false
  ) throws(MapError) {
    let total = PageCount(committed.rawValue &+ pages.rawValue)
    switch policy {
    case .always: break
    case .heuristic: if pages > totalPages { throw .outOfMemory }
    case .never:
      if total >= allowed(mapped, isAdministrator) { throw .outOfMemory }
    }
    committed = total
  }

  private func allowed(_ mapped: PageCount, _ isAdministrator: Bool) -> PageCount {
    var kept = min(mapped.rawValue / 32, userReserve.rawValue)
    if !isAdministrator { kept += administratorReserve.rawValue }
    return PageCount(limit.rawValue < kept ? 0 : limit.rawValue - kept)
  }

  /// Promises `pages` more, whatever the policy.
  mutating func recharge(_ pages: PageCount) { committed += pages }

  /// Takes a promise back.
  public mutating func uncharge(_ pages: PageCount) { committed -= pages }
}

extension CommitAccount {
  /// The reserves that a kernel sets at boot: 3 per cent of what is free then, at most 8 MiB for the
  /// administrator and 128 MiB for the user. Linux: `init_admin_reserve()`, `init_user_reserve()`.
  public mutating func setReserves(free: PageCount, _ pageSize: PageSize) {
    let share = free.rawValue / 32
    administratorReserve = PageCount(min(share, (8 << 20) >> UInt(pageSize.shift)))
    userReserve = PageCount(min(share, (128 << 20) >> UInt(pageSize.shift)))
  }
}
