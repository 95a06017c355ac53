internal import MemoryTypes

/// The first byte of a probe.
enum CompactProbeTag: UInt8 {
  case access, faults, mincore, pagemap, vmFlags, status
}

extension CompactEncoder {
  mutating func put(_ probe: OracleProbe) {
    switch probe {
    case .access(let kind, let address, let value, let outcome):
      put(byte: CompactProbeTag.access.rawValue)
      put(byte: kind.rawValue)
      put(address)
      put(optional: value.map(UInt64.init))
      put(byte: outcome.rawValue)
    case .faults(let minor, let major):
      put(byte: CompactProbeTag.faults.rawValue)
      put(minor)
      put(major)
    case .mincore(let address, let length, let bits, let error):
      put(byte: CompactProbeTag.mincore.rawValue)
      putPages(address, length, bits.map { $0 ? 1 : 0 })
      put(optional: error.map { UInt64(UInt32(bitPattern: $0.rawValue)) })
    case .pagemap(let address, let length, let states):
      put(byte: CompactProbeTag.pagemap.rawValue)
      putPages(address, length, states.map(\.rawValue))
    case .vmFlags(let address, let flags):
      put(byte: CompactProbeTag.vmFlags.rawValue)
      put(address)
      put(count: flags.count)
      for flag in flags { put(flag) }
    case .status(let sizes):
      put(byte: CompactProbeTag.status.rawValue)
      put(count: sizes.count)
      for (name, size) in sizes.sorted(by: { $0.key < $1.key }) {
        put(name)
        put(size)
      }
    }
  }

  private mutating func putPages(_ address: UInt64, _ length: UInt64, _ states: [UInt8]) {
    put(address)
    put(length)
    put(count: states.count)
    bytes.append(contentsOf: states)
  }
}
