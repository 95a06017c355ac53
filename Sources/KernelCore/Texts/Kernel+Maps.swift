internal import AddressSpaces
internal import Machine
public import MemoryTypes

/// `/proc/PID/maps`.
extension Kernel {
  /// Writes the mappings of a task, a line each, in the kernel's format.
  ///
  /// Device and inode are 0: files here have a path and no disk. Lock: takes `mmapLock` shared.
  /// Linux: `show_map_vma()`, fs/proc/task_mmu.c.
  public func writeMaps(of task: Ref<Task>, to sink: inout some TextSink) {
    let space = task.pointee.space
    space.pointee.mmapLock.lockShared()
    var area = space.pointee.vmas.first
    while let vma = area {
      writeLine(vma, space, to: &sink)
      area = space.pointee.vmas.next(vma)
    }
    space.pointee.mmapLock.unlockShared()
  }

  /// The line ends in a blank when it has no name: the kernel writes it before it knows.
  private func writeLine(
    _ vma: Ref<VMA>, _ space: Ref<AddressSpace>, to sink: inout some TextSink
  ) {
    let flags = vma.pointee.flags
    let offset = vma.pointee.fileOffset(space.pointee.pageSize)
    sink.write(hexadecimal: UInt64(vma.pointee.start.rawValue), digits: 8)
    sink.write("-")
    sink.write(hexadecimal: UInt64(vma.pointee.end.rawValue), digits: 8)
    sink.write(flags.contains(.read) ? " r" : " -")
    sink.write(flags.contains(.write) ? "w" : "-")
    sink.write(flags.contains(.execute) ? "x" : "-")
    sink.write(flags.contains(.mayShare) ? "s " : "p ")
    sink.write(hexadecimal: offset, digits: 8)
    sink.write(" 00:00 0 ")
    let label = space.pointee.label(of: vma)
    if label != .none {
      let width =
        Self.digits(UInt64(vma.pointee.start.rawValue))
        + Self.digits(UInt64(vma.pointee.end.rawValue)) + Self.digits(offset) + 16
      sink.pad(max(1, nameColumn - width), with: 0x20)
      write(label, vma, to: &sink)
    }
    sink.write("\n")
  }

  /// Where names begin, counted from 0; after longer lines they follow two blanks.
  ///
  /// Linux: `seq_setwidth()` in `show_map_vma()`: 25 characters and six for each byte of a pointer.
  private var nameColumn: Int { settings.layout.architecture == .i386 ? 49 : 73 }

  private func write(_ label: AreaLabel, _ vma: Ref<VMA>, to sink: inout some TextSink) {
    switch label {
    case .none: break
    case .file: vma.pointee.file?.pointee.name.write(to: &sink)
    case .sharedAnonymous: sink.write("/dev/zero (deleted)")
    case .named: write("[anon:", vma.pointee.name, to: &sink)
    case .namedShared: write("[anon_shmem:", vma.pointee.name, to: &sink)
    case .heap: sink.write("[heap]")
    case .stack: sink.write("[stack]")
    case .vdso: sink.write("[vdso]")
    case .vvar: sink.write("[vvar]")
    case .vvarClock: sink.write("[vvar_vclock]")
    }
  }

  private func write(
    _ prefix: StaticString, _ name: Ref<AreaName>?, to sink: inout some TextSink
  ) {
    sink.write(prefix)
    name?.pointee.write(to: &sink)
    sink.write("]")
  }

  private static func digits(_ value: UInt64) -> Int {
    max(8, (UInt64.bitWidth - value.leadingZeroBitCount + 3) / 4)
  }
}
