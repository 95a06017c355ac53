internal import MemoryTypes

/// The fields of a header that are there, each under its number; unknown numbers are damage, since
/// a reader cannot know how long their values are.
private enum CompactHeaderField: UInt8 {
  case kernel = 1
  case architecture, pageSize, taskSize, mmapMinimumAddress, stackLimit, addressSpaceLimit
  case dataLimit, lockedLimit, overcommit, maxMapCount, totalMemory, hugePageSize
  case transparentHugePages, sharedMemoryHugePages, stackGuardGapPages, hasRandomLayout
  case programBreak, initialMaps, initialPages
}

extension CompactEncoder {
  mutating func put(_ header: RecordingHeader) {
    put(.kernel, header.kernel)
    put(.architecture, header.architecture)
    put(.pageSize, header.pageSize)
    put(.taskSize, header.taskSize)
    put(.mmapMinimumAddress, header.mmapMinimumAddress)
    put(.stackLimit, header.stackLimit)
    put(.addressSpaceLimit, header.addressSpaceLimit)
    put(.dataLimit, header.dataLimit)
    put(.lockedLimit, header.lockedLimit)
    put(.overcommit, header.overcommit.map { UInt64(bitPattern: Int64($0)) })
    put(.maxMapCount, header.maxMapCount)
    put(.totalMemory, header.totalMemory)
    put(.hugePageSize, header.hugePageSize)
    put(.transparentHugePages, header.transparentHugePages)
    put(.sharedMemoryHugePages, header.sharedMemoryHugePages)
    put(.stackGuardGapPages, header.stackGuardGapPages)
    put(.hasRandomLayout, header.hasRandomLayout.map { $0 ? 1 : 0 })
    put(.programBreak, header.programBreak)
    if !header.initialMaps.isEmpty {
      put(byte: CompactHeaderField.initialMaps.rawValue)
      put(header.initialMaps)
    }
    if !header.initialPages.isEmpty {
      put(byte: CompactHeaderField.initialPages.rawValue)
      put(count: header.initialPages.count)
      for pages in header.initialPages {
        put(pages.address)
        put(count: pages.states.count)
        for state in pages.states { put(byte: state.rawValue) }
      }
    }
  }

  private mutating func put(_ field: CompactHeaderField, _ value: UInt64?) {
    guard let value else { return }
    put(byte: field.rawValue)
    put(value)
  }

  private mutating func put(_ field: CompactHeaderField, _ value: String?) {
    guard let value else { return }
    put(byte: field.rawValue)
    put(value)
  }
}

extension CompactDecoder {
  mutating func takeHeader() throws(CompactDamage) -> RecordingHeader {
    var header = RecordingHeader(source: .compact)
    while !isAtEnd {
      switch try takeCase(of: CompactHeaderField.self) {
      case .kernel: header.kernel = try takeText()
      case .architecture: header.architecture = try takeText()
      case .pageSize: header.pageSize = try takeNumber()
      case .taskSize: header.taskSize = try takeNumber()
      case .mmapMinimumAddress: header.mmapMinimumAddress = try takeNumber()
      case .stackLimit: header.stackLimit = try takeNumber()
      case .addressSpaceLimit: header.addressSpaceLimit = try takeNumber()
      case .dataLimit: header.dataLimit = try takeNumber()
      case .lockedLimit: header.lockedLimit = try takeNumber()
      case .overcommit:
        header.overcommit = Int(truncatingIfNeeded: Int64(bitPattern: try takeNumber()))
      case .maxMapCount: header.maxMapCount = try takeNumber()
      case .totalMemory: header.totalMemory = try takeNumber()
      case .hugePageSize: header.hugePageSize = try takeNumber()
      case .transparentHugePages: header.transparentHugePages = try takeText()
      case .sharedMemoryHugePages: header.sharedMemoryHugePages = try takeText()
      case .stackGuardGapPages: header.stackGuardGapPages = try takeNumber()
      case .hasRandomLayout: header.hasRandomLayout = try takeFlag()
      case .programBreak: header.programBreak = try takeNumber()
      case .initialMaps: header.initialMaps = try takeMapLines()
      case .initialPages: header.initialPages = try takeInitialPages()
      }
    }
    return header
  }

  private mutating func takeInitialPages() throws(CompactDamage) -> [RecordingHeader.InitialPages] {
    let count = try takeCount(ofAtLeast: 2)
    var result: [RecordingHeader.InitialPages] = []
    for _ in 0..<count {
      let address = try takeNumber()
      let stateCount = try takeCount()
      var states: [OracleProbe.PageState] = []
      for _ in 0..<stateCount { states.append(try takeCase(of: OracleProbe.PageState.self)) }
      result.append(RecordingHeader.InitialPages(address: address, states: states))
    }
    return result
  }
}
