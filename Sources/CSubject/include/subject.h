/// The subject of `octavo fuzz`: a process of one page of code that does nothing but what its tracer
/// puts into its registers. Here stands what Swift cannot say of it: the child's side of a fork (only
/// async-signal-safe calls) and the registers of a stopped task.
///
/// Functions return a negated error number where they fail. All must be called by the thread that
/// spawned the subject (ptrace knows no other).
#ifndef OCTAVO_SUBJECT_H
#define OCTAVO_SUBJECT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// Limits that the subject runs under, in bytes; UINT64_MAX for none.
struct subject_limits {
  uint64_t address_space;
  uint64_t data;
  uint64_t locked;
  uint64_t stack;
};

/// What the child does between fork and exec.
struct subject_launch {
  /// The program: see `subject_program`.
  const char *path;
  struct subject_limits limits;
  /// Descriptors that become 3, 4, 5 … in the subject; all others are closed.
  const int *descriptors;
  int descriptor_count;
};

/// How a step ended.
struct subject_answer {
  /// What a system call returned, or the byte that was loaded.
  int64_t result;
  /// The signal that came instead, with its si_code; 0 for none.
  int32_t signal;
  int32_t code;
};

/// Whether this system has what a subject needs: Linux on x86-64.
int subject_is_supported(void);

/// Writes the image of the program, one page of an ELF file; returns its size, at most `capacity`.
size_t subject_program(uint8_t *image, size_t capacity);

/// What `wanted` becomes under the limits that this process cannot raise.
struct subject_limits subject_allowed_limits(struct subject_limits wanted);

/// Starts the program under ptrace, without privilege and without address-space randomisation. It is
/// stopped before its first instruction, and dies with its tracer.
pid_t subject_spawn(const struct subject_launch *launch);

/// Lets the stopped subject make one system call.
int subject_call(pid_t task, uint64_t number, const uint64_t arguments[6],
                 struct subject_answer *answer);
/// Lets it load or store one byte.
int subject_load(pid_t task, uint64_t address, struct subject_answer *answer);
int subject_store(pid_t task, uint64_t address, uint8_t byte, struct subject_answer *answer);
/// Lets it fork. Returns the child, stopped and traced, or a negated error number.
pid_t subject_fork(pid_t task);
/// Ends a task and waits until its address space is gone.
void subject_end(pid_t task);

/// An empty file of memory, open for reading and writing.
int subject_memory_file(const char *name);

/// Copies the subject's memory; returns the number of bytes.
int64_t subject_read_memory(pid_t task, uint64_t address, void *buffer, uint64_t count);

#endif
