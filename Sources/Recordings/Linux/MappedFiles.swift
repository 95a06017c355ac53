#if os(Linux)

  internal import CRecorder
  internal import Glibc

  /// The file table of a recording: which files were met, under which index.
  struct MappedFiles {
    /// A file is told by where it lives and what it is called; a new one may reuse an inode.
    private struct Key: Hashable {
      var device: UInt64
      var inode: UInt64
      var path: String
    }

    /// What a descriptor or path was found to be.
    struct Found {
      var id: FileID
      var access: RecordedCall.FileAccess
      /// The entry to add to the table, when the file is new.
      var new: RecordedFile?
      /// The size, when it is another than last time.
      var changedSize: UInt64?
    }

    private var ids: [Key: FileID] = [:]
    private var sizes: [UInt64] = []

    /// The open file behind descriptor `number` of a stopped task; nil when there is none.
    mutating func file(descriptor number: Int32, of task: pid_t) -> Found? {
      guard number >= 0 else { return nil }
      let link = "/proc/\(task)/fd/\(number)"
      guard let path = ProcessFiles.link(link) else { return nil }
      return find(at: link, called: path, access: MappedFiles.access(ofLink: link))
    }

    /// The file of a maps line that begins with `/`; nil when it is no longer there.
    mutating func file(at path: String) -> Found? {
      guard path.hasPrefix("/") else { return nil }
      return find(at: path, called: path, access: .unknown)
    }

    private mutating func find(
      at place: String, called path: String, access: RecordedCall.FileAccess
    ) -> Found? {
      var status = stat()
      // SAFETY: both arguments live through the call.
      guard unsafe stat(place, &status) == 0 else { return nil }
      let key = Key(device: UInt64(status.st_dev), inode: UInt64(status.st_ino), path: path)
      let size = UInt64(max(0, status.st_size))
      if let id = ids[key] {
        let changed = sizes[Int(id.rawValue)] == size ? nil : size
        sizes[Int(id.rawValue)] = size
        return Found(id: id, access: access, changedSize: changed)
      }
      let id = FileID(UInt32(ids.count))
      ids[key] = id
      sizes.append(size)
      let isDevice = status.st_mode & S_IFMT == S_IFCHR
      let kind = isDevice ? .device : MappedFiles.fileSystem(at: place, path: path)
      let new = RecordedFile(path: path, size: size, fileSystem: kind)
      return Found(id: id, access: access, new: new)
    }

    /// The permission bits of a link in `/proc/PID/fd` are those the descriptor was opened with.
    private static func access(ofLink link: String) -> RecordedCall.FileAccess {
      var status = stat()
      // SAFETY: both arguments live through the call.
      guard unsafe lstat(link, &status) == 0 else { return .unknown }
      switch (status.st_mode & S_IRUSR != 0, status.st_mode & S_IWUSR != 0) {
      case (true, false): return .readOnly
      case (false, true): return .writeOnly
      case (true, true): return .readWrite
      case (false, false): return .unknown
      }
    }

    private static func fileSystem(at place: String, path: String) -> FileSystemKind {
      let kind = FileSystemKind(holding: place)
      return kind == .tmpfs && path.hasPrefix("/memfd:") ? .memfd : kind
    }
  }

  extension FileSystemKind {
    /// The file system that an existing file is in.
    public init(holding path: String) {
      let number = unsafe recorder_file_system(path)
      guard number >= 0 else {
        self = .unknown
        return
      }
      // The numbers are those of linux/magic.h.
      self =
        switch UInt32(truncatingIfNeeded: number) {
        case 0xef53: .ext4
        case 0x0102_1994: .tmpfs
        case 0x5846_5342: .xfs
        case 0x9123_683e: .btrfs
        case 0x794c_7630: .overlay
        case 0x9fa0: .proc
        default: .other
        }
    }
  }

#endif
