internal import SystemPackage

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// The bytes of a file, of standard input, or of memory, read once from front to back.
///
/// A source that begins with gzip's magic number is decompressed on the way, all its members one
/// after the other. Memory: one chunk of input, whatever the size of the file.
@safe final class ByteSource {
  /// How messages name the source: the path, or "standard input".
  let name: String
  /// Bytes handed out so far, after decompression.
  private(set) var count = 0

  private static let chunkSize = 1 << 18
  private let descriptor: FileDescriptor?
  private let ownsDescriptor: Bool
  private var memory: ArraySlice<UInt8>
  private let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: chunkSize, alignment: 16)
  private var chunkStart = 0
  private var chunkEnd = 0
  private var form = Form.undecided
  /// Decompressed bytes that were looked at and not taken.
  private var putBack: ArraySlice<UInt8> = []
  private var rawCount: UInt64 = 0

  private enum Form {
    case undecided, plain
    case gzip(Inflater)
  }

  /// Opens a file; `-` is standard input.
  init(path: String) throws(BadInput) {
    memory = []
    if path == "-" {
      (name, descriptor, ownsDescriptor) = ("standard input", .standardInput, false)
      return
    }
    (name, ownsDescriptor) = (path, true)
    do {
      descriptor = try FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec)
    } catch {
      throw BadInput(
        file: path, line: 0, expected: "a file that can be read", found: "\"\(error)\"")
    }
  }

  /// Reads `bytes` as if they were a file.
  init(name: String, bytes: [UInt8]) {
    (self.name, descriptor, ownsDescriptor) = (name, nil, false)
    memory = bytes[...]
  }

  deinit {
    unsafe chunk.deallocate()
    if ownsDescriptor { try? descriptor?.close() }
  }

  /// How much of the file was taken from the system, before decompression, and how much there is.
  var progress: ReadingProgress {
    ReadingProgress(bytesRead: rawCount, totalBytes: descriptor.flatMap(Self.size))
  }

  /// Fills the front of `output` and says how many bytes it got; 0 only at the end.
  func read(into output: UnsafeMutableRawBufferPointer) throws(BadInput) -> Int {
    let got = putBack.isEmpty ? try unsafe readOn(into: output) : unsafe takePutBack(into: output)
    count += got
    return got
  }

  /// The next bytes, after decompression, at most `limit` of them and fewer only at the end; they
  /// stay to be read.
  func prefix(_ limit: Int) throws(BadInput) -> ArraySlice<UInt8> {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: limit, alignment: 1)
    defer { unsafe buffer.deallocate() }
    while putBack.count < limit {
      let got = try unsafe readOn(
        into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<(limit - putBack.count)]))
      if got == 0 { break }
      unsafe putBack.append(contentsOf: buffer[..<got])
    }
    return putBack.prefix(limit)
  }

  private func takePutBack(into output: UnsafeMutableRawBufferPointer) -> Int {
    let count = min(output.count, putBack.count)
    unsafe output.copyBytes(from: putBack.prefix(count))
    putBack.removeFirst(count)
    return count
  }

  private func readOn(into output: UnsafeMutableRawBufferPointer) throws(BadInput) -> Int {
    switch try knownForm() {
    case .gzip(let inflater): try unsafe readMembers(inflater, into: output)
    case .plain, .undecided: try unsafe readPlain(into: output)
    }
  }

  private func knownForm() throws(BadInput) -> Form {
    guard case .undecided = form else { return form }
    while chunkEnd < 2 {
      let got = try unsafe readRaw(
        into: UnsafeMutableRawBufferPointer(rebasing: chunk[chunkEnd...]))
      if got == 0 { break }
      chunkEnd += got
    }
    let isGzip = unsafe chunkEnd >= 2 && chunk[0] == 0x1f && chunk[1] == 0x8b
    form = isGzip ? .gzip(Inflater()) : .plain
    return form
  }

  private func readPlain(into output: UnsafeMutableRawBufferPointer) throws(BadInput) -> Int {
    guard chunkStart < chunkEnd else { return try unsafe readRaw(into: output) }
    let count = min(output.count, chunkEnd - chunkStart)
    unsafe output.copyMemory(
      from: UnsafeRawBufferPointer(rebasing: chunk[chunkStart..<chunkStart + count]))
    chunkStart += count
    return count
  }

  private func readMembers(
    _ inflater: Inflater, into output: UnsafeMutableRawBufferPointer
  ) throws(BadInput) -> Int {
    while true {
      if chunkStart == chunkEnd {
        (chunkStart, chunkEnd) = (0, try unsafe readRaw(into: chunk))
        if chunkEnd == 0 {
          guard inflater.isBetweenMembers else { throw brokenGzip("its end in the middle of one") }
          return 0
        }
      }
      let step = unsafe inflater.inflate(
        UnsafeMutableRawBufferPointer(rebasing: chunk[chunkStart..<chunkEnd]), into: output)
      chunkStart += step.consumed
      if step.isBroken { throw brokenGzip("damaged data") }
      if step.produced > 0 { return step.produced }
    }
  }

  private func brokenGzip(_ found: String) -> BadInput {
    BadInput(
      file: name, line: 0, expected: "whole gzip members",
      found: "\(found), after \(count) bytes of text")
  }

  private func readRaw(into output: UnsafeMutableRawBufferPointer) throws(BadInput) -> Int {
    guard let descriptor else {
      let count = min(output.count, memory.count)
      unsafe output.copyBytes(from: memory.prefix(count))
      memory = memory.dropFirst(count)
      return count
    }
    do {
      let got = try unsafe descriptor.read(into: output)
      rawCount += UInt64(got)
      return got
    } catch {
      throw BadInput(
        file: name, line: 0, expected: "a file that can be read", found: "\"\(error)\"")
    }
  }

  /// The size of a regular file; nil for a pipe or a device.
  private static func size(of descriptor: FileDescriptor) -> UInt64? {
    var status = stat()
    // SAFETY: the structure lives through the call.
    guard unsafe fstat(descriptor.rawValue, &status) == 0, status.st_mode & S_IFMT == S_IFREG
    else { return nil }
    return UInt64(clamping: status.st_size)
  }
}

extension ByteSource {
  /// All bytes that are left, for a file that is small by its kind.
  ///
  /// - Throws: `BadInput` when there are more than `limit`.
  func readAll(limit: Int) throws(BadInput) -> [UInt8] {
    var bytes: [UInt8] = []
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
    defer { unsafe buffer.deallocate() }
    while true {
      let got = try unsafe read(into: buffer)
      if got == 0 { return bytes }
      guard bytes.count + got <= limit else {
        throw BadInput(
          file: name, line: 0, expected: "a file of at most \(limit) bytes", found: "a larger one")
      }
      unsafe bytes.append(contentsOf: buffer[..<got])
    }
  }
}
