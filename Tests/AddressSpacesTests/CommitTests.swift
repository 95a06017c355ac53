import AddressSpaces
import MemoryTypes
import Testing

/// The committed-memory account.
struct CommitTests {
  private func account(_ change: (inout CommitAccount) -> Void = { _ in }) -> CommitAccount {
    var account = CommitAccount(policy: .never, totalPages: PageCount(1000))
    change(&account)
    return account
  }

  @Test("the limit is a share of RAM, or fixed, with all of swap")
  func limit() {
    #expect(account().limit == PageCount(500))
    #expect(account { $0.ratio = 80 }.limit == PageCount(800))
    #expect(account { $0.swap = PageCount(300) }.limit == PageCount(800))
    #expect(
      account { ($0.fixedLimit, $0.swap) = (PageCount(10), PageCount(3)) }.limit == PageCount(13))
  }

  @Test("promises stay below the limit, not at it")
  func strict() throws {
    var account = account()
    try account.charge(PageCount(499))
    #expect(throws: MapError.outOfMemory) { try account.charge(PageCount(1)) }
    account.uncharge(PageCount(1))
    try account.charge(PageCount(1))
    #expect(account.committed == PageCount(499))
  }

  @Test("the reserves are kept from who has much mapped, and from all but the administrator")
  func reserves() throws {
    var account = account {
      $0.administratorReserve = PageCount(100)
      $0.userReserve = PageCount(50)
    }
    #expect(throws: MapError.outOfMemory) { try account.charge(PageCount(400)) }
    try account.charge(PageCount(399))
    account.uncharge(PageCount(399))
    #expect(throws: MapError.outOfMemory) {
      try account.charge(PageCount(389), mapped: PageCount(352))
    }
    try account.charge(PageCount(388), mapped: PageCount(352))
    account.uncharge(PageCount(388))
    #expect(throws: MapError.outOfMemory) {
      try account.charge(PageCount(350), mapped: PageCount(100_000))
    }
    try account.charge(PageCount(499), isAdministrator: true)
  }

  @Test("a kernel reserves 3 per cent of what is free, at most 8 and 128 MiB")
  func boot() {
    var account = account()
    account.setReserves(free: PageCount(32_000), .size4K)
    #expect(account.administratorReserve == PageCount(1000))
    #expect(account.userReserve == PageCount(1000))
    account.setReserves(free: PageCount(6_000_000), .size4K)
    #expect(account.administratorReserve == PageCount(2048))
    #expect(account.userReserve == PageCount(32_768))
  }

  @Test("overcommit 0 looks at one request only, overcommit 1 at none")
  func otherPolicies() throws {
    var heuristic = CommitAccount(policy: .heuristic, totalPages: PageCount(10))
    heuristic.swap = PageCount(5)
    try heuristic.charge(PageCount(15))
    try heuristic.charge(PageCount(15))
    #expect(throws: MapError.outOfMemory) { try heuristic.charge(PageCount(16)) }
    var always = CommitAccount(policy: .always, totalPages: PageCount(10))
    try always.charge(PageCount(100))
    #expect(always.committed == PageCount(100))
  }

  @Test("RLIMIT_DATA of 0 leaves the hard limit in force")
  func noData() throws {
    var limits = ResourceLimits()
    limits.data = .zero
    limits.highest.data = ByteCount(4 * Laboratory.pageBytes)
    let laboratory = try Laboratory(limits: limits)
    try laboratory.map(0..<4)
    #expect(throws: MapError.outOfMemory) { try laboratory.map(8..<9) }
  }
}
