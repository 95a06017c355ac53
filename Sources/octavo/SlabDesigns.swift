import ArgumentParser
import KernelHeap
import Simulation

/// Designs of the kernel's heap with commas between them.
struct SlabDesigns: ExpressibleByArgument, Hashable, Sendable {
  var designs: [SlabDesign]

  /// Nil for another word, and for a design that no machine can have.
  init?(argument: String) {
    designs = []
    for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
      guard let design = SlabDesign(name: String(part)), SlabDesign.available.contains(design),
        !designs.contains(design)
      else { return nil }
      designs.append(design)
    }
  }
}
