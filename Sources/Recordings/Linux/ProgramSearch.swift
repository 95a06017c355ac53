#if os(Linux)

  internal import Glibc

  /// Finds a program as a shell does.
  enum ProgramSearch {
    /// The path to execute for `name`: itself when it holds a slash, else the first executable
    /// file of that name in the directories of PATH.
    static func path(of name: String, environment: [String]) throws(RecordingError) -> String {
      if name.contains("/") {
        try check(name)
        return name
      }
      var refused: RecordingError?
      for directory in directories(environment) where !name.isEmpty {
        let candidate = directory.isEmpty ? "./\(name)" : "\(directory)/\(name)"
        do throws(RecordingError) {
          try check(candidate)
          return candidate
        } catch {
          if case .programNotExecutable = error { refused = refused ?? error }
        }
      }
      throw refused ?? .programNotFound(name)
    }

    private static func directories(_ environment: [String]) -> [Substring] {
      let path = environment.last { $0.hasPrefix("PATH=") }?.dropFirst(5) ?? "/usr/bin:/bin"
      return path.split(separator: ":", omittingEmptySubsequences: false)
    }

    private static func check(_ path: String) throws(RecordingError) {
      var status = stat()
      // SAFETY: both arguments live through the call.
      guard unsafe stat(path, &status) == 0 else {
        if errno == ENOENT || errno == ENOTDIR { throw .programNotFound(path) }
        throw .programNotExecutable(path, reason: systemText(errno))
      }
      guard status.st_mode & S_IFMT != S_IFDIR else {
        throw .programNotExecutable(path, reason: "it is a directory")
      }
      guard unsafe access(path, X_OK) == 0 else {
        throw .programNotExecutable(path, reason: systemText(errno))
      }
    }
  }

  /// The system's words for an error number.
  func systemText(_ error: Int32) -> String {
    // SAFETY: the text is copied before any other thread can change it.
    unsafe String(cString: strerror(error))
  }

#endif
