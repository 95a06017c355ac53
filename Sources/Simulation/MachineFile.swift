internal import Foundation
internal import KernelHeap
public import Machine
internal import MemoryTypes
public import Recordings
internal import Yams

/// A machine file: YAML with the names of the command line's options.
///
/// ```yaml
/// name: my-board
/// arch: arm64
/// page-size: 4096
/// va-bits: 48
/// ram: 2147483648
/// cpus: 1
/// tlb: cortex-a76
/// slab: slub
/// ```
private struct MachineFile: Decodable {
  var name: String?
  var arch: String?
  var pageSize: UInt64?
  var vaBits: UInt8?
  var ram: UInt64?
  var cpus: Int?
  var tlb: String?
  var slab: String?

  enum CodingKeys: String, CodingKey, CaseIterable {
    case name, arch, ram, cpus, tlb, slab
    case pageSize = "page-size"
    case vaBits = "va-bits"
  }
}

extension MachineConfiguration {
  /// The machine that a YAML file describes; what it leaves out is the standard machine's.
  ///
  /// - Throws: `BadInput` for a file that cannot be read, is no YAML, or holds an impossible value.
  public init(yamlFile path: String) throws(BadInput) {
    self = .standard
    name = path
    let text: String
    do { text = try String(contentsOfFile: path, encoding: .utf8) } catch {
      throw BadInput(file: path, line: 0, expected: "a readable file", found: "none")
    }
    let file: MachineFile
    do { file = try YAMLDecoder().decode(MachineFile.self, from: text) } catch {
      throw BadInput(
        file: path, line: 0, expected: "YAML with the keys of a machine",
        found: String("\(error)".prefix(60)).replacingOccurrences(of: "\n", with: " "))
    }
    try adopt(file, path)
  }

  private mutating func adopt(_ file: MachineFile, _ path: String) throws(BadInput) {
    if let name = file.name { self.name = name }
    switch file.arch {
    case "x86_64": setArchitecture(.x86_64)
    case "arm64": setArchitecture(.arm64)
    case "i386": setArchitecture(.i386)
    case nil: break
    case let other?:
      throw BadInput(
        file: path, line: 0, expected: "arch: x86_64, arm64 or i386", found: other)
    }
    if let bytes = file.pageSize {
      guard let size = PageSize(bytes: bytes) else {
        throw BadInput(
          file: path, line: 0, expected: "page-size: 4096, 16384 or 65536", found: "\(bytes)")
      }
      pageSize = size
    }
    if let bits = file.vaBits { virtualAddressBits = bits }
    if let bytes = file.ram { ram = ByteCount(UInt(bytes)) }
    if let cpus = file.cpus { processors = max(1, cpus) }
    if let name = file.tlb {
      guard let model = TLBModel.presets[name] else {
        throw BadInput(
          file: path, line: 0, expected: "tlb: one of \(TLBModel.presetNames)", found: name)
      }
      tlb = model
    }
    if let name = file.slab { try adoptDesign(name, path) }
  }

  private mutating func adoptDesign(_ name: String, _ path: String) throws(BadInput) {
    guard let design = SlabDesign(name: name), SlabDesign.available.contains(design) else {
      let names = SlabDesign.available.map(\.name).joined(separator: ", ")
      throw BadInput(file: path, line: 0, expected: "slab: one of \(names)", found: name)
    }
    slab = design
  }

  /// Another architecture, with its own usual address width.
  public mutating func setArchitecture(_ new: Architecture) {
    guard new != architecture else { return }
    architecture = new
    tlb = nil
    virtualAddressBits = new == .i386 ? 32 : 48
    if new != .arm64 { pageSize = .size4K }
  }
}
