import ArgumentParser
import MemoryTypes
import Report

/// `octavo layout`: where Linux puts things in an address space.
struct LayoutCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "layout",
    abstract: "Show where Linux puts program, heap, mappings and stack.",
    discussion: "Without options every layout is shown; each option keeps those that match.")

  @Option(help: "Keep one architecture.")
  var arch: ArchitectureName?

  @Option(help: "Keep one page size: 4K, 16K or 64K.")
  var pageSize: Size?

  @Option(help: "Keep one width of virtual addresses, in bits.")
  var vaBits: Int?

  @Option(help: "The soft limit of the stack that the layout leaves room for.")
  var stackLimit: Size = Size(argument: "8M")!

  @Flag(help: "User space (the default) or kernel space.")
  var space: Space = .user

  @OptionGroup var json: JSONOption

  enum Space: String, EnumerableFlag {
    case user, kernel
  }

  func run() throws {
    if space == .kernel { throw Unavailable.later("layout --kernel", storey: "KernelSpace") }
    let sheets = LayoutSheet.all(stackLimit: stackLimit.bytes).filter(matches)
    guard !sheets.isEmpty else {
      throw ValidationError("no such layout; 'octavo layout' shows every one there is")
    }
    try json.write { try LayoutJSON.data(sheets) }
    if json.replacesText { return }
    let texts = sheets.map { LayoutTable($0).text(width: Terminal.width) }
    StandardStreams.write(texts.joined(separator: "\n"))
  }

  private func matches(_ sheet: LayoutSheet) -> Bool {
    (arch == nil || arch == ArchitectureName(sheet.platform))
      && (pageSize == nil || pageSize?.bytes == sheet.pageSize.bytes)
      && (vaBits == nil || vaBits == sheet.virtualAddressBits)
  }
}

extension ArchitectureName {
  /// The architecture whose programs live in the layout.
  init(_ platform: LayoutSheet.Platform) {
    self =
      switch platform {
      case .x86_64, .x86FiveLevel: .x86_64
      case .i386, .i386OnX86: .i386
      case .arm64: .arm64
      }
  }
}
