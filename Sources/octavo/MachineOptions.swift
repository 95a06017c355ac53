import ArgumentParser
import MemoryTypes

/// The machine to replay on: what the recording says, unless an option says otherwise.
struct MachineOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("A preset, or a YAML file that describes the machine.", valueName: "M"),
    completion: .file(extensions: ["yaml", "yml"]))
  var machine: String?

  @Option(help: "The architecture.")
  var arch: ArchitectureName?

  @Option(help: "The size of a base page: 4K, 16K or 64K.")
  var pageSize: Size?

  @Option(help: "The width of virtual addresses, in bits.")
  var vaBits: Int?

  @Option(help: "The size of the memory, such as 512M or 16G.")
  var ram: Size?

  @Option(help: "The number of processors.")
  var cpus: Int?

  func validate() throws {
    if let cpus, !(1...1024).contains(cpus) {
      throw ValidationError("--cpus takes 1 to 1024, not \(cpus)")
    }
    if let size = pageSize?.bytes.rawValue, ![4096, 16384, 65536].contains(size) {
      throw ValidationError("--page-size takes 4K, 16K or 64K, not \(size) bytes")
    }
  }
}
