/// Why an allocation of frames or of kernel objects failed.
public enum AllocationError: Error, Hashable, Sendable { case outOfMemory }
