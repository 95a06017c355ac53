internal import Machine
internal import MemoryTypes
internal import PageTables
internal import PhysicalMemory

extension Trial {
  /// An address in a range, at its ends, near it, in a hole, or beyond all tables.
  mutating func drawQuestionAddress() -> VirtualAddress {
    let range = ranges[Int(random.next(below: UInt32(ranges.count)))]
    let near = ByteCount(UInt(random.next(below: 64 << UInt32(format.pageSize.shift))))
    switch random.next(below: 16) {
    case 0: return range.start
    case 1: return VirtualAddress(range.end.rawValue &- 1)
    case 2: return bounded(range.end.rawValue)
    case 3: return bounded(range.start.rawValue &- 1)
    case 4: return bounded(range.end.rawValue &+ near.rawValue)
    case 5: return VirtualAddress(drawAddress())
    case 6: return processor.outside(&random)
    default: return drawAddress(in: range)
    }
  }

  private mutating func bounded(_ address: UInt) -> VirtualAddress {
    let isInside = address >= processor.addressStart && address < processor.addressLimit
    return VirtualAddress(isInside ? address : processor.addressStart)
  }

  /// All accesses by both privileges.
  mutating func askAbout(_ address: VirtualAddress) {
    let address = processor.tagged(address, &random)
    tally.addresses += 1
    for privilege in 0..<2 {
      let privilege: Privilege = privilege == 0 ? .kernel : .user
      ask(Question(address: address, access: .read, privilege: privilege))
      ask(Question(address: address, access: .write, privilege: privilege))
      ask(Question(address: address, access: .execute, privilege: privilege))
    }
  }

  private mutating func ask(_ question: Question) {
    if processor.translatesOnly, question.access != .execute {
      compare(question, isTouch: false)
    }
    guard processor.touches else { return }
    guard !processor.translatesOnly || random.next(below: 4) == 0 else { return }
    var aligned = question
    aligned.address = VirtualAddress(question.address.rawValue & ~15)
    compare(aligned, isTouch: true)
  }

  private mutating func compare(_ question: Question, isTouch: Bool) {
    let walk = mmu.walkTables(question.address)
    let prediction = predict(question)
    guard isTouch ? mayTouch(question, walk, prediction) : Self.isComparable(prediction) else {
      return restore(walk)
    }
    tally.count(prediction)
    restore(walk)
    let isPlanted = question.access == .read && plantWrongBit(walk, prediction)
    let answer = isTouch ? touch(question, prediction) : processor.translate(question)
    let expected =
      isTouch
      ? processor.expectedTouch(question, prediction)
      : processor.expectedTranslation(question, prediction)
    if isTouch { tally.touches += 1 } else { tally.translations += 1 }
    var mark: UInt64?
    if isTouch, !isPlanted { mark = wrongMark(question, walk, prediction) }
    if answer != expected || mark != nil { report(question, walk, expected, answer, mark) }
    if isPlanted {
      restore(walk)
      forget()
    }
  }

  mutating func predict(_ question: Question) -> Prediction {
    do throws(MMUFault) {
      let physical = try mmu.translate(question.address, question.access, question.privilege)
      let walk = mmu.walkTables(question.address)
      return .memory(physical, format.attributes(of: walk.descriptor, at: walk.level))
    } catch {
      return .fault(error)
    }
  }

  /// Gives the entry the value that it had before the model marked it.
  private mutating func restore(_ walk: TranslationWalk) {
    guard walk.references > 0 else { return }
    format.store(walk.descriptor, at: walk.entry, in: mmu.memory)
  }

  /// What answers a read of a table beyond RAM is the machine's affair, not the processor's.
  private static func isComparable(_ prediction: Prediction) -> Bool {
    guard case .fault(let fault) = prediction else { return true }
    return fault.kind != .tableAbort && fault.kind != .externalAbort
  }

  /// Whether an access can do no harm, if the hardware does what the model says.
  private mutating func mayTouch(
    _ question: Question, _ walk: TranslationWalk, _ prediction: Prediction
  ) -> Bool {
    guard walk.outcome != .leaf || !processor.isKnownToDiffer(question, at: walk) else {
      return false
    }
    guard case .memory(let physical, let attributes) = prediction else {
      return Self.isComparable(prediction)
    }
    // Fetches from device memory are unpredictable (Arm ARM D8.5.3).
    let isDevice: Bool
    switch attributes.memoryType {
    case .device, .strictDevice, .gatheringDevice: isDevice = true
    default: isDevice = false
    }
    return targets.unit(at: physical) != nil && !(question.access == .execute && isDevice)
  }

  private mutating func touch(_ question: Question, _ prediction: Prediction) -> Answer {
    let unit = prediction.physical.flatMap { targets.unit(at: $0) }
    unit?.clearToken()
    return processor.touch(question, unit)
  }

  /// What the hardware left in the entry, if that is not what it must leave: the marks of an
  /// access that was allowed.
  private mutating func wrongMark(
    _ question: Question, _ walk: TranslationWalk, _ prediction: Prediction
  ) -> UInt64? {
    guard walk.references > 0, prediction.physical != nil else { return nil }
    let left = format.load(walk.entry, in: mmu.memory)
    let marked = format.marking(walk.descriptor, isWrite: question.access == .write)
    return left == marked ? nil : left
  }

  /// Where the plan says so, once, and where it must show: in what a read returns.
  private mutating func plantWrongBit(_ walk: TranslationWalk, _ prediction: Prediction) -> Bool {
    guard plan.plantsWrongBit, tally.planted == 0, tally.addresses > 1000, walk.level == .pte,
      let physical = prediction.physical, targets.unit(at: physical) != nil
    else { return false }
    tally.planted = 1
    let wrong = walk.descriptor ^ 1 << UInt64(format.pageSize.shift)
    format.store(wrong, at: walk.entry, in: mmu.memory)
    processor.forget()
    return true
  }
}
