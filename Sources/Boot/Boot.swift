// From power-on to a memory manager that works, and the proof of it.
//
//   firmware ── device tree or multiboot ──> Memblock ──> PageAllocator ──> SlabCache
//                                                              │
//                   trap ──> Kernel ──> AddressSpace ──> PageTable ──> the hardware's walker
//
// Idea. A machine that boots has nothing: no heap, no list of its memory, no page tables of its
// own. Start code (one small C function per architecture, in BareMetal/) turns translation on with
// tables that stand in the image. From there each layer takes its memory from the one below, in the
// order of the picture, and what is left over at the end must be what was there at the beginning:
//
//   free pages after the last task = free pages when the kernel had booted
//
// Firmware is not trusted: its tables are read through `FirmwareBytes`, whose every access is
// checked. A broken table ends the boot with one line; it never makes the kernel read outside.
//
// Nothing here knows an architecture. An image lends its hardware, its console and its trap handler
// as a `BootMachine`; so the same code boots on QEMU, and in a test on a simulated machine.
//
// Sources: Devicetree Specification 0.4; Multiboot Specification 0.6.96; for the order of things
// Linux's `start_kernel()`, `setup_arch()`, `mm_core_init()`.
