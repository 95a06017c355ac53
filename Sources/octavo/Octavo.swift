import ArgumentParser

@main
struct Octavo: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "octavo", abstract: "The memory management of Linux, whole, in Swift.")
}
