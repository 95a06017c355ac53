// What Swift cannot say on arm64: system registers, barriers, the debugger call of an emulator.
#pragma once
#include <CFreestanding.h>
#include <stdint.h>

#define SYSTEM_REGISTER(name)                              \
  static inline uint64_t read_##name(void) {               \
    uint64_t value;                                        \
    __asm__ volatile("mrs %0, " #name : "=r"(value));      \
    return value;                                          \
  }                                                        \
  static inline void write_##name(uint64_t value) {        \
    __asm__ volatile("msr " #name ", %0" ::"r"(value) : "memory"); \
  }

SYSTEM_REGISTER(esr_el1)
SYSTEM_REGISTER(far_el1)
SYSTEM_REGISTER(mair_el1)
SYSTEM_REGISTER(sctlr_el1)
SYSTEM_REGISTER(tcr_el1)
SYSTEM_REGISTER(ttbr0_el1)
SYSTEM_REGISTER(ttbr1_el1)
SYSTEM_REGISTER(par_el1)
SYSTEM_REGISTER(id_aa64isar0_el1)
SYSTEM_REGISTER(id_aa64mmfr0_el1)
SYSTEM_REGISTER(id_aa64mmfr1_el1)
SYSTEM_REGISTER(id_aa64mmfr2_el1)

// The instructions that only translate, for reads and writes at both levels: the answer is PAR_EL1.
#define TRANSLATION(name)                                                         \
  static inline uint64_t translate_##name(uint64_t address) {                     \
    __asm__ volatile("at " #name ", %0\n\tisb" ::"r"(address) : "memory");        \
    return read_par_el1();                                                        \
  }

TRANSLATION(s1e1r)
TRANSLATION(s1e1w)
TRANSLATION(s1e0r)
TRANSLATION(s1e0w)

// The same for EL1 under PSTATE.PAN (FEAT_PAN2), which an assembler for Armv8.0 does not know.
static inline uint64_t translate_s1e1rp(uint64_t address) {
  __asm__ volatile("sys #0, c7, c9, #0, %0\n\tisb" ::"r"(address) : "memory");
  return read_par_el1();
}

static inline uint64_t translate_s1e1wp(uint64_t address) {
  __asm__ volatile("sys #0, c7, c9, #1, %0\n\tisb" ::"r"(address) : "memory");
  return read_par_el1();
}

// `msr pan, #1` and `msr pan, #0`.
static inline void deny_user_memory(void) { __asm__ volatile(".inst 0xd500419f" ::: "memory"); }
static inline void allow_user_memory(void) { __asm__ volatile(".inst 0xd500409f" ::: "memory"); }

// PAR_EL1 of a translation by other tables for the high half than those that the image runs in:
// 0 and 1 are AT S1E1R and S1E1W, 2 and 3 the same for EL0. TTBR0 must map RAM to itself.
uint64_t translate_high(uint64_t address, uint64_t ttbr1, uint64_t tcr, uint64_t instruction);

// One access each, at EL1 or as EL0 would make it; see `probes.S`.
uint32_t probe_load(uint64_t address);
void probe_store(uint64_t address, uint32_t value);
void probe_fetch(uint64_t address);
uint32_t probe_user_load(uint64_t address);
void probe_user_store(uint64_t address, uint32_t value);
void probe_user_fetch(uint64_t address);

// Orders table writes before the walks that follow, and completes them before the next instruction.
static inline void synchronize_tables(void) {
  __asm__ volatile("dsb ishst\n\tisb" ::: "memory");
}

static inline void synchronize_context(void) { __asm__ volatile("isb" ::: "memory"); }

static inline void invalidate_all(void) {
  __asm__ volatile("dsb ishst\n\ttlbi vmalle1is\n\tdsb ish\n\tisb" ::: "memory");
}

// `operand` as the instruction wants it: the identifier in bits 63:48.
static inline void invalidate_asid(uint64_t operand) {
  __asm__ volatile("dsb ishst\n\ttlbi aside1is, %0\n\tdsb ish\n\tisb" ::"r"(operand) : "memory");
}

// `operand` as the instruction wants it: the identifier in bits 63:48, address bits 55:12 in 43:0.
static inline void invalidate_address(uint64_t operand) {
  __asm__ volatile("dsb ishst\n\ttlbi vae1is, %0\n\tdsb ish\n\tisb" ::"r"(operand) : "memory");
}

// `tlbi rvae1is`, which an assembler for Armv8.0 does not know (C5.5): the operand names a range.
static inline void invalidate_range(uint64_t operand) {
  __asm__ volatile("dsb ishst\n\tsys #0, c8, c2, #1, %0\n\tdsb ish\n\tisb" ::"r"(operand)
                   : "memory");
}

static inline void pause_processor(void) { __asm__ volatile("yield" ::: "memory"); }

static inline void wait_for_event(void) { __asm__ volatile("wfe" ::: "memory"); }

static inline uint64_t semihosting(uint64_t operation, const void *block) {
  register uint64_t x0 __asm__("x0") = operation;
  register const void *x1 __asm__("x1") = block;
  __asm__ volatile("hlt #0xf000" : "+r"(x0) : "r"(x1) : "memory");
  return x0;
}

// The general registers at a trap, as `vectors.S` stores them.
struct trap_frame {
  uint64_t general[31];
  uint64_t user_stack;
  uint64_t counter;
  uint64_t status;
};

// Ends of the image in memory, virtual.
extern char image_start[] __attribute__((visibility("hidden"))), image_end[];
// Code and constants end here. Hidden as `boot_root` is.
extern char read_only_end[] __attribute__((visibility("hidden")));
static inline uint64_t image_start_address(void) { return (uint64_t)image_start; }
static inline uint64_t image_end_address(void) { return (uint64_t)image_end; }

// The root of both halves that `turn_translation_on` filled, virtual. Hidden, so that it is found relative to
// the code and not through a table of addresses, which are wrong while translation is off.
extern uint64_t boot_root[512] __attribute__((visibility("hidden")));
static inline uint64_t boot_root_address(void) { return (uint64_t)boot_root; }
