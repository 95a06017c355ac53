/// The arguments of a memory call: their values, and of what is no number only what is looked at.
struct StraceArguments {
  var values = RecordedCall.Arguments()
  var count = 0
  /// Bit n tells whether argument n was understood as a number or known flags.
  var numeric: UInt8 = 0
  var first = StraceArgument()
  /// The last one with a path behind it, which in a call with one descriptor is that.
  var named = StraceArgument()

  /// Reads up to six arguments; the line stands at `)` then. False for more and for a broken one.
  mutating func parse(_ line: inout LineCursor) -> Bool {
    line.skipSpaces()
    while line.peek != UInt8(ascii: ")") {
      if count > 0 {
        guard line.skip(",") else { return false }
        line.skipSpaces()
      }
      guard count < 6, let argument = line.straceArgument(StraceSymbols.memory) else {
        return false
      }
      append(argument)
      line.skipSpaces()
    }
    return true
  }

  private mutating func append(_ argument: StraceArgument) {
    values[count] = argument.value
    if argument.isNumeric { numeric |= 1 << UInt8(count) }
    if count == 0 { first = argument }
    if argument.path != nil { named = argument }
    count += 1
  }
}
