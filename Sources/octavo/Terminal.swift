import Foundation

/// What is known of the window, if there is one.
enum Terminal {
  static var outputIsTerminal: Bool { isatty(STDOUT_FILENO) == 1 }
  static var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }

  /// Characters in a line of standard output's window; nil in a pipe or a file.
  static var width: Int? {
    guard outputIsTerminal else { return nil }
    var size = winsize()
    // SAFETY: TIOCGWINSZ fills the structure it is given and keeps no pointer to it.
    guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
      return nil
    }
    return Int(size.ws_col)
  }
}
