public import Machine
public import MemoryTypes
public import PageTables
public import PhysicalMemory

/// The hardware whose answers are compared with the model's.
public protocol TestedProcessor {
  /// How its tables are read under the settings of the moment.
  var format: TranslationFormat { get }
  /// Tables of the image itself that every root must share; nil where they have their own root.
  var kernelRoot: PageFrameNumber? { get }
  /// Addresses from the first to the second, exclusive, are free for ranges.
  var addressStart: UInt { get }
  var addressLimit: UInt { get }
  /// Physical addresses have so many bits.
  var physicalBits: UInt8 { get }
  /// The TLBs that the model gets.
  var tlb: TLBModel { get }
  /// It has an instruction that translates and does nothing else.
  var translatesOnly: Bool { get }
  /// Accesses can be made there: not while the image needs these addresses itself.
  var touches: Bool { get }
  /// One instruction forgets a range of pages.
  var forgetsRanges: Bool { get }

  /// Sets the control bits of a round.
  mutating func vary(_ random: inout SeededGenerator)
  /// Maps what the probes themselves need.
  func prepare(_ tables: inout PageTable<Ref<PageAllocator>>) throws(AllocationError)
  /// Gives hardware and model the tables under `root`, and both the same control bits.
  func load(_ root: PageFrameNumber, _ model: inout MMU)
  /// Goes back to the tables of the image.
  func leave()
  /// Changes to another address space of the same settings; forgets only what the instruction does.
  func change(to root: PageFrameNumber, _ asid: ASID, _ model: inout MMU)
  /// Forgets all translations.
  func forget()
  /// Forgets a page of `asid`, and global ones; pages of a range where `forgetsRanges`; or all of
  /// `asid` but what is global.
  func forget(_ page: VirtualAddress, _ asid: ASID)
  func forget(_ range: VirtualRange, _ asid: ASID)
  func forget(_ asid: ASID)
  /// The tag of software's own that an address may have in its top byte.
  func tagged(_ address: VirtualAddress, _ random: inout SeededGenerator) -> VirtualAddress

  /// An address that no table of the low half can translate.
  func outside(_ random: inout SeededGenerator) -> VirtualAddress

  /// What the instruction that only translates says, and what it must say.
  func translate(_ question: Question) -> Answer
  func expectedTranslation(_ question: Question, _ prediction: Prediction) -> Answer

  /// Whether the processor at hand is known to differ from its manual here.
  func isKnownToDiffer(_ question: Question, at walk: TranslationWalk) -> Bool
  /// Whether flipping `bit` of the entry means what the format says it does.
  func mayFlip(_ bit: UInt64, of walk: TranslationWalk) -> Bool

  /// Makes the access, and says where it went or how it failed; and what must be said. `unit` shows
  /// the bytes where it should go.
  func touch(_ question: Question, _ unit: TargetUnit?) -> Answer
  func expectedTouch(_ question: Question, _ prediction: Prediction) -> Answer
}
