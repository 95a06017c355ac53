import AddressSpaces
import KernelCore
import Machine
import MemoryTypes

/// `mprotect` and the protection keys.
extension ErrnoPage {
  static let mprotect = ErrnoPage(
    name: "mprotect(2)",
    rows: [
      ErrnoRow("mprotect", .EACCES, "PROT_WRITE for a shared file that is open for reading") {
        let start = try $0.map(1, .read, .shared, file: $0.file(.read))
        return $0.call(.mprotect, start, 4096, 3)
      },
      ErrnoRow("mprotect", .EINVAL, "an address inside a page") {
        $0.call(.mprotect, $0.at(0) + 1, 4096, 1)
      },
      ErrnoRow("pkey_mprotect", .EINVAL, "a key that is not allocated") {
        $0.addKeys()
        return $0.call(.pkeyMprotect, $0.at(0), 4096, 1, 3)
      },
      ErrnoRow("mprotect", .EINVAL, "PROT_GROWSUP and PROT_GROWSDOWN") {
        $0.call(.mprotect, $0.at(0), 4096, 0x0300_0001)
      },
      ErrnoRow("mprotect", .EINVAL, "unknown bits") { $0.call(.mprotect, $0.at(0), 4096, 0x40) },
      ErrnoRow(
        "mprotect", .EINVAL, "PROT_SAO without the hardware",
        note: "a bit of PowerPC, unknown to the others"
      ) {
        $0.call(.mprotect, $0.at(0), 4096, 0x10)
      },
      ErrnoRow("mprotect", .ENOMEM, "no memory for the kernel's own structure") {
        $0.fail(.area)
        return $0.call(.mprotect, $0.at(2), 4096, 1)
      },
      ErrnoRow("mprotect", .ENOMEM, "pages that are not mapped") {
        $0.call(.mprotect, $0.at(0), 12 * 4096, 1)
      },
      ErrnoRow("mprotect", .ENOMEM, "addresses beyond the address space") {
        $0.call(.mprotect, 1 << 47, 4096, 1)
      },
      ErrnoRow("mprotect", .ENOMEM, "more mappings than max_map_count") {
        $0.forbidMoreAreas()
        return $0.call(.mprotect, $0.at(2), 4096, 1)
      },
      ErrnoRow("mprotect", .ENOMEM, "not in the page: memory that becomes private is not promised")
      {
        let start = try $0.map(2050, .read)
        $0.laboratory.kernel.services.pointee.commit.policy = .never
        return $0.call(.mprotect, start, 2050 * 4096, 3)
      },
    ])

  static let pkeyAlloc = ErrnoPage(
    name: "pkey_alloc(2)",
    rows: [
      ErrnoRow("pkey_free", .EINVAL, "a key that is not allocated") {
        $0.addKeys()
        return $0.call(.pkeyFree, 3)
      },
      ErrnoRow("pkey_alloc", .EINVAL, "flags other than 0") {
        $0.addKeys()
        return $0.call(.pkeyAlloc, 1)
      },
      ErrnoRow("pkey_alloc", .EINVAL, "unknown access rights") {
        $0.addKeys()
        return $0.call(.pkeyAlloc, 0, 4)
      },
      ErrnoRow("pkey_alloc", .ENOSPC, "all keys are allocated") { trial in
        trial.addKeys()
        for _ in 1...15 { _ = trial.call(.pkeyAlloc) }
        return trial.call(.pkeyAlloc)
      },
      ErrnoRow(
        "pkey_alloc", .ENOSPC, "a processor without keys", but: .EINVAL,
        "so on x86-64, whose first key cannot be given rights (6.18)"
      ) {
        $0.call(.pkeyAlloc)
      },
    ])
}

extension ErrnoTrial {
  fileprivate func addKeys() {
    laboratory.kernel.services.pointee.features.insert(.protectionKeys)
  }
}
