internal import CZlib

/// zlib's decompressor for a row of gzip members.
@safe final class Inflater {
  /// What one call of `inflate` did.
  struct Step {
    var consumed: Int
    var produced: Int
    var isBroken = false
  }

  /// Whether the input may end here.
  private(set) var isBetweenMembers = false
  // zlib keeps a pointer back to the stream, so it must not move.
  private let stream: UnsafeMutablePointer<z_stream>

  init() {
    unsafe stream = .allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    // 15 bits of window, 16 for the gzip wrapper.
    let status = unsafe inflateInit2_(
      stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    precondition(status == Z_OK, "zlib could not allocate its window")
  }

  deinit {
    unsafe inflateEnd(stream)
    unsafe stream.deallocate()
  }

  /// Decompresses from the front of `input` until it is used up, `output` is full, or a member ends.
  func inflate(
    _ input: UnsafeMutableRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) -> Step {
    if isBetweenMembers {
      // gzip pads with zeros on tapes; anything else must be another member.
      let padding = unsafe input.prefix { $0 == 0 }.count
      guard padding < input.count else { return Step(consumed: padding, produced: 0) }
      guard padding == 0 else { return Step(consumed: padding, produced: 0) }
      unsafe inflateReset(stream)
      isBetweenMembers = false
    }
    unsafe stream.pointee.next_in = input.bindMemory(to: UInt8.self).baseAddress
    unsafe stream.pointee.avail_in = UInt32(truncatingIfNeeded: input.count)
    unsafe stream.pointee.next_out = output.bindMemory(to: UInt8.self).baseAddress
    unsafe stream.pointee.avail_out = UInt32(truncatingIfNeeded: output.count)
    let status = unsafe CZlib.inflate(stream, Z_NO_FLUSH)
    isBetweenMembers = status == Z_STREAM_END
    let isFine = status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR
    return unsafe Step(
      consumed: input.count - Int(stream.pointee.avail_in),
      produced: output.count - Int(stream.pointee.avail_out), isBroken: !isFine)
  }
}
