internal import MemoryTypes

extension MMU {
  /// Who may do what at the end of a walk that found a leaf, as `AccessRights`.
  func rights(of walk: TranslationWalk, _ format: Ref<TranslationFormat>) -> UInt64 {
    Self.rights(of: walk, format, control)
  }

  /// The same without the MMU, which a call of its own would copy.
  static func rights(
    of walk: TranslationWalk, _ format: Ref<TranslationFormat>, _ control: MMUControl
  ) -> UInt64 {
    let attributes = format.pointee.effectiveAttributes(of: walk)
    let isUser = attributes.contains(.user)
    let isWritable = attributes.contains(.write)
    // What software has yet to open by a fault is not writable to the rules of execution.
    let isOpen =
      isWritable
      && (control.contains(.marksDirty) || walk.descriptor & format.pointee.bits.readOnly == 0)
    let mayNotRun = isOpen && control.contains(.noExecuteWritable)
    var rights = AccessRights.kernelRead | AccessRights.kernelWriteAny
    if isWritable { rights |= AccessRights.kernelWrite }
    if isUser {
      rights |= AccessRights.userRead | (isWritable ? AccessRights.userWrite : 0)
    } else {
      rights |= AccessRights.kernelReadOwn | AccessRights.kernelWriteAnyOwn
      if isWritable { rights |= AccessRights.kernelWriteOwn }
    }
    if attributes.contains(.execute), !(isUser && mayNotRun) {
      rights |= AccessRights.userExecute
    }
    if attributes.contains(.kernelExecute), !mayNotRun {
      rights |= kernelExecution(isUser, isOpen, format)
    }
    return rights
  }

  /// arm64 asks PXN alone, and refuses what programs may write (D8.4.1.2.4); x86 asks SMEP.
  private static func kernelExecution(
    _ isUser: Bool, _ isWritable: Bool, _ format: Ref<TranslationFormat>
  ) -> UInt64 {
    if format.pointee.hasHighRoot {
      return isUser && isWritable
        ? 0 : AccessRights.kernelExecute | AccessRights.kernelExecuteAny
    }
    return AccessRights.kernelExecuteAny | (isUser ? 0 : AccessRights.kernelExecute)
  }
}
