/// A line of the shell that cannot be done, told in one line.
public struct ShellError: Error, Hashable, Sendable, CustomStringConvertible {
  public var description: String

  init(_ description: String) { self.description = description }
}
