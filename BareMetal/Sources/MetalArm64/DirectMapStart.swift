/// Where physical address 0 stands in the kernel's half. The linker script has the same number.
public var directMapStart: UInt { 0xffff_0000_0000_0000 }
