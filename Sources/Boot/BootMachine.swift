public import Machine
public import MemoryTypes

/// What the machine lends to the boot: its effects, and access to addresses that may fault.
public protocol BootMachine {
  associatedtype Effects: Hardware

  var hardware: Effects { get }

  /// How its hardware reads page tables.
  var format: TranslationFormat { get }

  /// The tables that the start code made, where every root must share their upper part.
  var kernelRoot: PageFrameNumber? { get }

  /// Hands page faults at user addresses to `kernel` from now on; nil: nobody serves them.
  func serveFaults(by kernel: Ref<BootedKernel<Effects>>?)

  /// Goes back to the tables that the start code made, and forgets all others.
  func leaveSpace()

  /// Loads through the hardware's translation, as a program would. Faults are served on the way.
  func load(_ address: VirtualAddress) -> UInt32

  /// Stores through the hardware's translation.
  func store(_ value: UInt32, to address: VirtualAddress)
}
