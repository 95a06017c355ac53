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

// The registers at a trap, as `traps.S` stores them: a trap within the kernel pushes no stack.
struct trap_frame {
  uint32_t edi, esi, ebp, esp, ebx, edx, ecx, eax;
  uint32_t vector, error;
  uint32_t counter, code_segment, flags;
};

// Ends of the image in memory, virtual.
extern char image_start[], image_end[];
static inline uint32_t image_start_address(void) { return (uint32_t)image_start; }
static inline uint32_t image_end_address(void) { return (uint32_t)image_end; }

// The directory that `turn_paging_on` filled: the direct map's 4 MiB pages from entry 768 on.
extern uint32_t boot_directory[1024];
static inline uint32_t boot_directory_address(void) { return (uint32_t)boot_directory; }
