/// Where physical address 0 stands in the kernel's half. The linker script has the same number.
public var directMapStart: UInt { 0xc000_0000 }
