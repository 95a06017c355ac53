internal import AddressSpaces
internal import Machine
public import MemoryTypes

/// `/proc/PID/maps`.
extension Kernel {
  /// Writes the mappings of a task, a line each, in the kernel's format.
  ///
  /// Device and inode are 0 where nobody told them (`MappedFile.identity`). Lock: takes `mmapLock` shared.
  /// Linux: `show_map_vma()`, fs/proc/task_mmu.c.
  public func writeMaps(of task: Ref<Task>, to sink: inout some TextSink) {
    forEachArea(of: task) { writeLine($0, task.pointee.space, to: &sink) }
  }

  /// The line ends in a blank when it has no name: the kernel writes it before it knows.
  func writeLine(
    _ vma: Ref<VMA>, _ space: Ref<AddressSpace>, to sink: inout some TextSink
  ) {
    var line = CountingSink(sink)
    let identity = vma.pointee.file?.pointee.identity ?? FileIdentity()
    writePrefix(
      vma.pointee.range, vma.pointee.flags, vma.pointee.fileOffset(space.pointee.pageSize),
      identity, to: &line)
    let label = space.pointee.label(of: vma)
    if label != .none {
      line.pad(max(1, nameColumn - line.count), with: 0x20)
      write(label, vma, to: &line)
    }
    line.write("\n")
    sink = line.sink
  }

  /// All of a line but the name. Linux: `show_vma_header_prefix()`.
  func writePrefix(
    _ range: VirtualRange, _ flags: VMAFlags, _ offset: UInt64, _ identity: FileIdentity,
    to sink: inout some TextSink
  ) {
    sink.write(hexadecimal: UInt64(range.start.rawValue), digits: 8)
    sink.write("-")
    sink.write(hexadecimal: UInt64(range.end.rawValue), digits: 8)
    sink.write(flags.contains(.read) ? " r" : " -")
    sink.write(flags.contains(.write) ? "w" : "-")
    sink.write(flags.contains(.execute) ? "x" : "-")
    sink.write(flags.contains(.mayShare) ? "s " : "p ")
    sink.write(hexadecimal: offset, digits: 8)
    sink.write(" ")
    sink.write(hexadecimal: UInt64(identity.major), digits: 2)
    sink.write(":")
    sink.write(hexadecimal: UInt64(identity.minor), digits: 2)
    sink.write(" ")
    sink.write(decimal: identity.inode)
    sink.write(" ")
  }

  /// Where names begin, counted from 0; after longer lines they follow two blanks.
  ///
  /// Linux: `seq_setwidth()` in `show_map_vma()`: 25 characters and six for each byte of a pointer.
  var nameColumn: Int { settings.layout.architecture == .i386 ? 49 : 73 }

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
}
