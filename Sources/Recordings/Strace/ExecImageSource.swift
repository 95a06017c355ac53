/// Where the strace reader finds the mappings that an `execve` made.
protocol ExecImageSource {
  /// The image of the `index`-th exec (from 1) of the process at `family`; nil when it is unknown.
  func image(path: String, family: String, index: Int) -> ExecImage?
  /// The size of a file that an image maps.
  func fileSize(path: String) -> UInt64?
}

/// Knows no program: every image has to be learned from the first results.
struct UnknownPrograms: ExecImageSource {
  func image(path: String, family: String, index: Int) -> ExecImage? { nil }
  func fileSize(path: String) -> UInt64? { nil }
}
