internal import MemoryTypes
