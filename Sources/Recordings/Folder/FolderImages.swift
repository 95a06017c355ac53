/// The exec images of a folder's `maps.log`, for its other texts.
///
/// Those texts are other runs with other process numbers, so an image is found by its process's
/// place in the family and by its number among that process's execs.
struct FolderImages: ExecImageSource {
  private struct Key: Hashable {
    var family: String
    var index: Int
  }

  private var images: [Key: ExecImage] = [:]
  private let facts: FolderFacts

  /// Reads `maps.log` once through; keeps its images only.
  init(mapsLog: String, facts: FolderFacts) throws(BadInput) {
    self.facts = facts
    let reader = try MapsLogReader(ByteSource(path: mapsLog), facts: facts)
    var families: [Int32: Family] = [:]
    while let event = try reader.next() {
      switch event.body {
      case .fork(let child, _):
        let parent = families[event.task] ?? Family(name: "0")
        parent.children += 1
        families[event.task] = parent
        families[child] = Family(name: "\(parent.name)/\(parent.children)")
      case .exec(let image):
        let family = families[event.task] ?? Family(name: "0")
        family.execs += 1
        families[event.task] = family
        images[Key(family: family.name, index: family.execs)] = image
      default: break
      }
    }
  }

  private final class Family {
    let name: String
    var children = 0
    var execs = 0

    init(name: String) { self.name = name }
  }

  func image(path: String, family: String, index: Int) -> ExecImage? {
    images[Key(family: family, index: index)]
  }

  func fileSize(path: String) -> UInt64? { facts.files[path]?.size }
}
