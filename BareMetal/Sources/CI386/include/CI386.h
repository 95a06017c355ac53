// What Swift cannot say on i386: ports, control registers, TLB invalidation.
#pragma once
#include <CFreestanding.h>
#include <stdint.h>

static inline void write_port8(uint16_t port, uint8_t value) {
  __asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port));
}

static inline uint8_t read_port8(uint16_t port) {
  uint8_t value;
  __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}

static inline void write_port32(uint16_t port, uint32_t value) {
  __asm__ volatile("outl %0, %1" ::"a"(value), "Nd"(port));
}

#define CONTROL_REGISTER(number)                                          \
  static inline uint32_t read_cr##number(void) {                          \
    uint32_t value;                                                       \
    __asm__ volatile("mov %%cr" #number ", %0" : "=r"(value));            \
    return value;                                                         \
  }                                                                       \
  static inline void write_cr##number(uint32_t value) {                   \
    __asm__ volatile("mov %0, %%cr" #number ::"r"(value) : "memory");     \
  }

CONTROL_REGISTER(0)
CONTROL_REGISTER(2)
CONTROL_REGISTER(3)
CONTROL_REGISTER(4)

static inline void invalidate_address(uint32_t address) {
  __asm__ volatile("invlpg (%0)" ::"r"(address) : "memory");
}

static inline void pause_processor(void) { __asm__ volatile("pause" ::: "memory"); }

static inline void halt(void) { __asm__ volatile("cli\n\thlt" ::: "memory"); }

static inline uint64_t read_model_register(uint32_t number) {
  uint32_t low, high;
  __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(number));
  return (uint64_t)high << 32 | low;
}

static inline void write_model_register(uint32_t number, uint64_t value) {
  __asm__ volatile("wrmsr" ::"a"((uint32_t)value), "d"((uint32_t)(value >> 32)), "c"(number));
}

struct processor_features {
  uint32_t eax, ebx, ecx, edx;
};

static inline struct processor_features read_features(uint32_t leaf) {
  struct processor_features found;
  __asm__ volatile("cpuid"
                   : "=a"(found.eax), "=b"(found.ebx), "=c"(found.ecx), "=d"(found.edx)
                   : "a"(leaf), "c"(0));
  return found;
}

// One access each, in ring 0; see `probes.S`.
uint32_t probe_load(uint32_t address);
void probe_store(uint32_t address, uint32_t value);
void probe_fetch(uint32_t address);
// Runs the code at `entry` in ring 3 with `address` in eax and `value` in ecx until it traps.
void probe_user(uint32_t entry, uint32_t address, uint32_t value);
// What ring 3 runs for a load and a store, on a page of its own, and where a probe's trap resumes.
extern char user_probes[], user_probe_load[], user_probe_store[];
extern char probe_end[], probe_user_end[];
static inline uint32_t user_probes_address(void) { return (uint32_t)user_probes; }
static inline uint32_t user_probe_load_address(void) { return (uint32_t)user_probe_load; }
static inline uint32_t user_probe_store_address(void) { return (uint32_t)user_probe_store; }
static inline uint32_t probe_end_address(void) { return (uint32_t)probe_end; }
static inline uint32_t probe_user_end_address(void) { return (uint32_t)probe_user_end; }

// Loads segments for ring 3 and a stack for its traps.
void enable_user_mode(void);

// The registers at a trap, as `traps.S` stores them: a trap within the kernel pushes no stack.
struct trap_frame {
  uint32_t edi, esi, ebp, esp, ebx, edx, ecx, eax;
  uint32_t vector, error;
  uint32_t counter, code_segment, flags;
};

// Changes the tables to those of PAE, for good.
void turn_pae_on(void);

// Ends of the image in memory, virtual.
extern char image_start[], image_end[];
static inline uint32_t image_start_address(void) { return (uint32_t)image_start; }
static inline uint32_t image_end_address(void) { return (uint32_t)image_end; }

// The directory that `turn_paging_on` filled: the direct map's 4 MiB pages from entry 768 on.
extern uint32_t boot_directory[1024];
static inline uint32_t boot_directory_address(void) { return (uint32_t)boot_directory; }
