internal import AddressSpaces
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

  private func writeLine(
    _ vma: Ref<VMA>, _ space: Ref<AddressSpace>, to sink: inout some TextSink
  ) {
    let flags = vma.pointee.flags
    var width = 0
    sink.write(hexadecimal: UInt64(vma.pointee.start.rawValue), digits: 8)
    sink.write("-")
    sink.write(hexadecimal: UInt64(vma.pointee.end.rawValue), digits: 8)
    sink.write(flags.contains(.read) ? " r" : " -")
    sink.write(flags.contains(.write) ? "w" : "-")
    sink.write(flags.contains(.execute) ? "x" : "-")
    sink.write(flags.contains(.mayShare) ? "s " : "p ")
    sink.write(hexadecimal: vma.pointee.fileOffset(space.pointee.pageSize), digits: 8)
    sink.write(" 00:00 0")
    width = Self.digits(vma.pointee.start) + Self.digits(vma.pointee.end) + 24
    let label = space.pointee.label(of: vma)
    if label != .none {
      // The name begins in column 73, or one blank after a longer line. Linux: `seq_pad()`.
      repeat {
        sink.write(" ")
        width += 1
      } while width < 73
      write(label, vma, to: &sink)
    }
    sink.write("\n")
  }

  private func write(_ label: AreaLabel, _ vma: Ref<VMA>, to sink: inout some TextSink) {
    switch label {
    case .none: break
    case .file: vma.pointee.file?.pointee.name.write(to: &sink)
    case .sharedAnonymous: sink.write("/dev/zero (deleted)")
    case .heap: sink.write("[heap]")
    case .stack: sink.write("[stack]")
    case .vdso: sink.write("[vdso]")
    case .vvar: sink.write("[vvar]")
    case .vvarClock: sink.write("[vvar_vclock]")
    }
  }

  private static func digits(_ address: VirtualAddress) -> Int {
    max(8, (UInt.bitWidth - address.rawValue.leadingZeroBitCount + 3) / 4)
  }
}
